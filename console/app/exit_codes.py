"""Exit codes of the program: part of the contract with scripts."""

from enum import IntEnum


class Exit(IntEnum):
    DONE = 0
    BAD_INPUT = 1
    USAGE = 2
    REFUSED = 3
    VERIFICATION_FAILED = 4
    WORLD = 5  # broker, centre, screen, folder in use: not available
