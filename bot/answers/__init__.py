"""How an answer looks, and how it grows: Block Kit, words, cards, buttons."""
