"""A help desk's message taken apart: whose words, which labels, which addresses, which ticket."""
