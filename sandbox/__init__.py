"""A local Slack workspace and stand-ins for the vendors, on loopback alone: for the demo and the tests."""
