"""`python -m bot` is `casefile`."""

from bot.cli.main import main

main()
