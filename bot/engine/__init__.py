"""What finds people, without Slack: built here, for the bot and for the commands that need no more."""
