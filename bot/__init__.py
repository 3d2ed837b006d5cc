"""Casefile: everything but the Slack requests that come in, which `handlers` reads."""

__version__ = "0.1.0"
