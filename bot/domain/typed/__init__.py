"""What `subjects.py` reads by: Slack's text as typed, addresses among its words, and options."""
