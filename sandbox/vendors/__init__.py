"""Stand-ins for the vendors: each enforces its contract, counts its calls and can be made to misbehave."""
