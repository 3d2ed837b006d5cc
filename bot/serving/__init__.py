"""Running until told to stop: HTTP routes, Socket Mode, start and stop."""
