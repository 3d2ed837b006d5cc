"""The engine of Casefile: vendors, quotas, caches, storage, rendering; it knows nothing of Slack events."""

__version__ = "0.1.0"
