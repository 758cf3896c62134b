"""Stories told end to end: real processes, real brokers, real windows."""
