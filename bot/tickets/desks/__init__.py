"""Help desks' own APIs, asked who a ticket's requester is: one file each."""
