"""One question to all sources: fan-out, cache, one flight at a time, who is who."""
