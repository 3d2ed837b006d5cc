"""`python -m bot` is `casefile`."""

from bot.cli import main

main()
