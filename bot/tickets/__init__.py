"""Reading tickets: from a Slack message to whom it is about, or to nobody. Pure; no network, no clock."""
