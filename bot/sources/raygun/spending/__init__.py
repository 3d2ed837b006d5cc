"""What the next call of the legacy API is spent on: pure functions."""
