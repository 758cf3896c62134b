"""The deterministic simulator: the production core of journal and sync among random faults, checked by an oracle."""
