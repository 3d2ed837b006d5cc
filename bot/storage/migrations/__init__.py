"""How the tables came to be what they are, step by step: the README says how a step is added."""
