"""How far a value may be trusted, and why not."""

from enum import IntEnum


class Quality(IntEnum):
    """Trust in a value, best first. Only GOOD may ever look good on screen.

    BLIND means that our own link is down, so nothing is known; STALE that the source is silent or dead.
    """

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2
    STALE = 3
    BLIND = 4
    UNKNOWN = 5


class Detail(IntEnum):
    """Why a quality is what it is."""

    NONE = 0
    NULL = 1  # the source sent is_null: no value, never zero
    REPORTED = 2  # the source itself said so (Sparkplug quality property)
    BAD_CLOCK = 3  # source time more than 5 min ahead or 24 h behind: receive time is used
    NOT_FINITE = 4  # NaN or infinity
    NODE_DEAD = 5  # node death, or own loss and no birth since
    DEVICE_DEAD = 6
    AWAITS_BIRTH = 7  # after our own loss a node is stale until its next birth
    SILENT = 8  # nothing within stale_after
    LINK_DOWN = 9  # our link to the broker is lost
    UNDECODABLE = 10  # the value could not be read as its birth's data type
    TOO_LONG = 11  # text over the cap, kept shortened
    NEVER_SEEN = 12  # known by name, no sample yet
    BY_INPUT = 13  # derived: what it is made of cannot be trusted, or has no result
