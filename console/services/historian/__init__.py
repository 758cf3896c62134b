"""What was: the live ring that trends are drawn from."""
