"""What every room may use: the log, metrics, crash reports, the clock, background tasks."""
