"""Names that never change: ids of sites, stations, tags, assets and alarm conditions.

uuid5 over stable names, so that every station computes the same id; uuid7 for what people create; uuid8 for journal
streams, whose ids say who may open them.
"""

import hashlib
from uuid import UUID, uuid5

Hash = bytes  # SHA-256 of a journal event, 32 bytes
_OPENER_BITS = (1 << 62) - 1
_BOUND = 8  # RFC 9562: a version whose bits are ours to define


def uuid7(unix_ms: int, random_80: int) -> UUID:
    """RFC 9562 version 7 id from a millisecond clock and at least 74 random bits."""
    rand_a = (random_80 >> 62) & 0xFFF
    rand_b = random_80 & ((1 << 62) - 1)
    return UUID(int=((unix_ms & ((1 << 48) - 1)) << 80) | (7 << 76) | (rand_a << 64) | (2 << 62) | rand_b)


def stream_id(chance: bytes, station: UUID, public_key: bytes) -> UUID:
    """RFC 9562 version 8 id of a journal stream: 60 bits of `chance`, then 62 bits of SHA-256 over them, the station
    and its key. So nobody else can open a stream of this id, not even where its true owner is not known yet.

    `chance` holds random bytes and whatever tells one moment from another: a machine that goes on from a snapshot
    twice may draw the same random bytes twice.
    """
    free = int.from_bytes(hashlib.sha256(chance).digest()[:8], "big") >> 4
    high = ((free >> 12) << 16) | (_BOUND << 12) | (free & 0xFFF)
    return UUID(int=(high << 64) | (2 << 62) | _opener(high, station, public_key))


def may_open(stream: UUID, station: UUID, public_key: bytes) -> bool:
    """False when the id was made for another station or key. Ids of other versions are of before this was so and
    belong to whoever opened them first."""
    if stream.version != _BOUND:
        return True
    return stream.int & _OPENER_BITS == _opener(stream.int >> 64, station, public_key)


def is_bound(stream: UUID) -> bool:
    """True for an id that says whose stream it is; False for one of before this was so."""
    return stream.version == _BOUND


def _opener(high: int, station: UUID, public_key: bytes) -> int:
    told = b"leitstand-stream1" + high.to_bytes(8, "big") + station.bytes + public_key
    return int.from_bytes(hashlib.sha256(told).digest()[:8], "big") & _OPENER_BITS


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
