"""The journal: who did what, when, and where it is kept."""
