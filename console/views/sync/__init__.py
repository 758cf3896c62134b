"""The exchange of journals: with whom, how far, and what needs a person."""
