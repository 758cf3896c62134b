"""The append-only, hash-chained journal of facts."""
