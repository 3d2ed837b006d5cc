"""What commands print with `--json`: names and shapes are a promise."""
