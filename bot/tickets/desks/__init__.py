"""Help desks' own APIs, asked who a ticket's requester is, and given notes: one file each."""
