"""
What is shown of a page that an address names: a card below a message, and its side pane.

What is remembered goes first, a vendor is asked only as far as unfurls may.
"""
