"""Stand-ins for the vendors: each enforces its contract, counts its calls and has faults to switch on."""
