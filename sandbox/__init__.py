"""A local Slack workspace and stand-ins for the vendors, on loopback only, for the demo and the tests."""
