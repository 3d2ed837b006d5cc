"""What vendors are asked besides lookups, and what the addresses of their pages name."""
