"""Reads Sparkplug topic names (Sparkplug 3.0, 4.1): spBv1.0/group/type/node[/device]."""

import unicodedata
from dataclasses import dataclass

NAMESPACE = "spBv1.0"
NODE_VERBS = frozenset({"NBIRTH", "NDEATH", "NDATA", "NCMD"})
DEVICE_VERBS = frozenset({"DBIRTH", "DDEATH", "DDATA", "DCMD"})
COMMANDS = frozenset({"NCMD", "DCMD"})
MAX_ID = 1024


@dataclass(frozen=True, slots=True)
class SparkplugTopic:
    """`device` is empty for node messages. `trouble` names what is wrong with the topic, empty when nothing is."""

    group: str = ""
    verb: str = ""
    node: str = ""
    device: str = ""
    trouble: str = ""


def parse_topic(topic: str) -> SparkplugTopic:
    """Never raises. STATE topics come back with verb STATE and their host id as node."""
    levels = topic.split("/")
    if levels[0] != NAMESPACE or len(levels) < 3:
        return SparkplugTopic(trouble="bad_topic")
    if levels[1] == "STATE":
        return SparkplugTopic(verb="STATE", node="/".join(levels[2:]))
    if len(levels) not in {4, 5} or not all(levels) or any(len(level) > MAX_ID for level in levels):
        return SparkplugTopic(trouble="bad_topic")
    group, verb, node = levels[1:4]
    device = levels[4] if len(levels) == 5 else ""
    if verb not in NODE_VERBS | DEVICE_VERBS:
        return SparkplugTopic(group, verb, node, device, "unknown_verb")
    if (verb in DEVICE_VERBS) != bool(device):
        return SparkplugTopic(group, verb, node, device, "bad_topic")
    return SparkplugTopic(group, verb, node, device)


def is_odd(name: str) -> bool:
    """True for names that people could not read or tell apart: control and direction marks, over 255 characters,
    markup and wildcard characters. They are kept and shown as plain text; the sender is counted."""
    if len(name) > 255 or any(character in '\\#+<>&"' for character in name):
        return True
    if name.isascii():
        return not name.isprintable()
    return any(
        unicodedata.category(character)[0] == "C" or unicodedata.bidirectional(character) in {"R", "AL"}
        for character in name
    )
