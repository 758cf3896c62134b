"""The history of values: what is kept of it, what people write beside it, and what it lets expect."""
