"""What programs are answered: lookups as tools of the Model Context Protocol, which only read."""
