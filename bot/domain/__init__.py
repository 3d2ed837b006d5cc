"""The words of the field as pure data, and pure functions on them; imports nothing of ours."""
