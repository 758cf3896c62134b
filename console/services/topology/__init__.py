"""Assets, links and their states."""
