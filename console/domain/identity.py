"""Names that never change: ids of sites, stations, tags, assets and alarm conditions.

uuid5 over stable names, so that every station computes the same id; uuid7 for what people create.
"""

from uuid import UUID, uuid5

Hash = bytes  # SHA-256 of a journal event, 32 bytes


def uuid7(unix_ms: int, random_80: int) -> UUID:
    """RFC 9562 version 7 id from a millisecond clock and at least 74 random bits."""
    rand_a = (random_80 >> 62) & 0xFFF
    rand_b = random_80 & ((1 << 62) - 1)
    return UUID(int=((unix_ms & ((1 << 48) - 1)) << 80) | (7 << 76) | (rand_a << 64) | (2 << 62) | rand_b)


def tag_id(site_id: UUID, broker: str, group: str, node: str, device: str, metric: str) -> UUID:
    """Id of a Sparkplug tag at first sight; `device` is empty for a node's own metric."""
    return uuid5(site_id, f"{broker}/{group}/{node}/{device}/{metric}")


def plain_tag_id(site_id: UUID, broker: str, topic: str, path: str) -> UUID:
    """Id of a tag of a plain MQTT topic; `path` names the field, empty for a scalar."""
    return uuid5(site_id, f"{broker}/{topic}#{path}")


def asset_id(site_id: UUID, source: str) -> UUID:
    """Id of a discovered asset, from its first source `<broker>/<group>/<node>[/<device>]`."""
    return uuid5(site_id, f"asset:{source}")


def condition_id(subject: UUID, rule_id: str) -> UUID:
    """Id of an alarm condition: one rule on one tag or asset; a limit rule makes `<rule>/high` and `<rule>/low`."""
    return uuid5(subject, rule_id)
