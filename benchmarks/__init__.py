"""Measurements; each file runs alone and prints one table."""
