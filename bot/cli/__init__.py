"""The commands of `casefile`."""
