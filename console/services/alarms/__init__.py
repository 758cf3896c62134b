"""From samples to alarm occurrences, sound and counts."""
