"""Commands that ask for something, and change nothing."""
