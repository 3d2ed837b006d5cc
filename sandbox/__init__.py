"""A local Slack workspace and stand-ins for the vendors, on loopback alone: the demo, and what the tests use."""
