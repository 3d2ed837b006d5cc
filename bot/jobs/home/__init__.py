"""The app's Home tab: what it shows, and the lookups that are made there."""
