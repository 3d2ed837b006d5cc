"""A case file in a terminal: its text, its colours, and what is seen while sources are asked."""
