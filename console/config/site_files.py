"""`site/`: the plant as files. `site.toml` and `topics.toml` are read here, the others where their room is."""

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from console.config.problems import BadConfiguration, Problem, TableReader, read_toml
from console.config.settings import Position, SiteSettings, TopicMap
from console.config.station_file import read_uuid

VERSION = 2  # 2: the authority that enrols stations; a site of version 1 has none and stays as it is

SITE_TEMPLATE = """\
# The site. Copy this folder to further stations: the id is what makes them one site.
version = 2
id = "{site_id}"
name = {name}
tz = "{tz}"                   # IANA name; all times are shown in this zone

# A desk is a position: banner, sound and silence are per position.
[[position]]
id = "desk"
name = "Control room"
areas = []                    # empty: all
stations = []                 # empty: all
"""
AUTHORITY_TEMPLATE = """\
# Stations of this site are let in by the key authority.pem beside this file: who copies it with the folder joins by
# himself. Move it where you want it; a station without it shows a pairing code that an administrator types.
authority = "{public_key}"
"""
TOPICS_TEMPLATE = """\
# Plain MQTT topics (Sparkplug B needs none of this). One [[map]] per value.
version = 1

# [[map]]
# topic = "energy/+/power"    # + and # as in MQTT; what + matched is {1}, {2} ... in tag
# path = "value"              # dotted path into JSON, "" for a bare number or word
# tag = "power {1}"
# unit = "kW"
# scale = 0.001
# interval_s = 10             # stale after three of these
"""
ALARMS_TEMPLATE = """\
# Alarm rules. Without rules only death, link, stale and bad-quality alarms exist.
version = 2

# [[rule]]
# id = "oil-pressure"
# tag = "*/PRESS-*/Hydraulics/Oil pressure"
# kind = "limit"                # also: deviation (setpoint), rate (over_s), baseline (cycle), discrete (equals) ...
# l = 4.0
# ll = 3.0
# deadband = 0.1
# deadbands = { ll = 0.2 }      # another one for a single limit
# on_delay_s = 2
# count = 3                     # so many entries
# within_s = 60                 # within this time make the alarm
# priority = 2
# class = "machine"
# suppress_when = "'./State' = 0"
# first_out = "press 1"         # the first of this group is marked
# text = "Oil pressure low"
# cause = "Leak, low oil level or a worn pump."
# consequence = "The press stops within minutes."
# response = "Check the oil level and the pump."
# time_to_respond_s = 600

# [[class]]
# id = "machine"
# latching = false              # stays until it is acknowledged and reset
# needs_comment = false
# needs_signature = false
# realarm_s = 3600              # acknowledged and still active: sounds again
# escalate_s = 600              # nobody acknowledged it: sounds anew by itself, marked as escalated

# [shelving]
# longest_s = { high = 3600, medium = 28800, low = 28800 }   # a priority that is not named may not be shelved
# at_most = 20

# [flood]
# enter = 10                    # more than so many alarms within window_s
# leave = 5
# window_s = 600

# [[suppression]]
# id = "line-1-stopped"
# when = "'Press/PLC-P1/Running' = false"
# alarms = ["Press/*:flow-*"]   # path:rule
"""
ASSETS_TEMPLATE = """\
# The documented plant. What publishes and is not written here appears as a proposal.
version = 1

# [[asset]]
# name = "SW-CORE-1"
# class = "switch"
# level = 2.5
# area = "Network"
# source = "plant/KAS/NET/SW-CORE-1"
#
# [[link]]
# a = "SW-CORE-1"
# b = "PLC-A21"
# kind = "connects"
"""


def first_site(site_id: str, name: str, time_zone: str, public_key: str) -> str:
    """The text of a new site.toml; `public_key` of its authority as hex, `name` quoted."""
    head, desk, rest = SITE_TEMPLATE.partition("\n# A desk")
    return (head + AUTHORITY_TEMPLATE + desk + rest).format(
        site_id=site_id, name=name, tz=time_zone, public_key=public_key
    )


def read_site(folder: Path) -> tuple[SiteSettings | None, list[Problem]]:
    """Settings of `folder/site.toml` and everything wrong with it."""
    reader = read_toml(folder / "site.toml")
    if not reader.table:
        return None, reader.problems
    _check_version(reader)
    site = SiteSettings(
        site_id=read_uuid(reader, "id"),
        name=reader.text("name"),
        time_zone=reader.text("tz", "UTC"),
        positions=tuple(_position(table) for table in reader.tables("position")),
        authority=_public_key(reader),
    )
    try:
        ZoneInfo(site.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        reader.problem("tz", f"'{site.time_zone}' is not a time zone", 'for example "Europe/Berlin"')
    reader.unknown_keys()
    return (None if reader.problems else site), reader.problems


def load_site(folder: Path) -> SiteSettings:
    """Like `read_site`, raising `BadConfiguration` with all problems."""
    site, problems = read_site(folder)
    if site is None:
        raise BadConfiguration(tuple(problems))
    return site


def read_topics(folder: Path) -> tuple[tuple[TopicMap, ...], list[Problem]]:
    """The maps of `topics.toml`; a missing file means none."""
    path = folder / "topics.toml"
    if not path.exists():
        return (), []
    reader = read_toml(path)
    _check_version(reader)
    maps = tuple(_topic_map(table) for table in reader.tables("map"))
    reader.unknown_keys()
    return maps, reader.problems


def _check_version(reader: TableReader) -> None:
    if reader.integer("version", 1) > VERSION:
        reader.problem("version", "is newer than this program knows", "install the newer Leitstand")


def _public_key(reader: TableReader) -> bytes:
    """The authority's public key, empty for none. A site without one lets every station in that copies its files."""
    text = reader.text("authority", "")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b"?"
    if len(key) not in (0, 32):
        reader.problem("authority", "is no Ed25519 public key", "64 hexadecimal digits, as `leitstand init` wrote them")
        return b""
    return key


def _position(table: TableReader) -> Position:
    position = Position(table.text("id"), table.text("name"), table.texts("areas"), table.texts("stations"))
    table.unknown_keys()
    return position


def _topic_map(table: TableReader) -> TopicMap:
    topic_map = TopicMap(
        topic=table.text("topic"),
        path=table.text("path", ""),
        tag=table.text("tag", ""),
        unit=table.text("unit", ""),
        scale=table.number("scale", 1.0),
        offset=table.number("offset", 0.0),
        interval_s=table.number("interval_s", 20.0, low=0.1),
        broker=table.text("broker", ""),
    )
    levels = topic_map.topic.split("/")
    if "#" in levels[:-1] or any(len(level) > 1 and ("#" in level or "+" in level) for level in levels):
        table.problem("topic", f"'{topic_map.topic}' is not an MQTT filter", "# only at the end, + alone in its level")
    if topic_map.topic.startswith("spBv1.0"):
        table.problem("topic", "Sparkplug topics need no map", "remove it")
    table.unknown_keys()
    return topic_map
