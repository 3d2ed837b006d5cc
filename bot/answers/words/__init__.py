"""What an answer says: one table of sentences, and what fills them in, for Slack and for terminals."""
