"""What a tag, alarm, asset, incident or fact *is*: standard library only, no I/O, never asks the time."""
