"""Raygun: sessions and errors by its two APIs, from an index of our own."""
