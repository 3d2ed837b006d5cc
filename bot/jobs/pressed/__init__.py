"""What a button below an answer asks for besides a lookup: read once for whoever presses it."""
