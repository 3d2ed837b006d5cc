"""From nothing to a bot that runs: what `casefile init` asks and writes, what `casefile doctor` tries."""
