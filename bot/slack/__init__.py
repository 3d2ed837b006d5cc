"""Slack's Web API as we use it: client, rate limits, posting once, who may ask."""
