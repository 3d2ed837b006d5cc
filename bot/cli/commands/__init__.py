"""A file for each command of `casefile`; it is loaded when its command is asked for."""
