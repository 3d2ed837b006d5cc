"""What is measured; each file runs alone and prints one table."""
