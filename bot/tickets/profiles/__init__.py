"""Known help desks: how each one's messages are built, a small file or a row each."""
