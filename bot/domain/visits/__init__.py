"""Visits: what several tools recorded of one person at one time, as one thing."""
