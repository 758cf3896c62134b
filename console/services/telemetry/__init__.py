"""From the wire to the tag store."""
