"""Rybbit: sessions and errors, from its cloud or a server of one's own."""
