"""The vendors: one file each, and what they share."""
