"""Capacity, the busiest, what is usual, and what load does: performance management."""
