"""Plain MQTT topics (JSON and scalars) as tags, after the mappings of site/topics.toml."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from console.config.settings import TopicMap
from console.domain.quality import Detail, Quality
from console.domain.tags import Tag, TagSource
from console.domain.values import ValueType
from console.services.records import NodeRecord
from console.services.telemetry.batch import SessionChanged, TagsDefined
from console.services.telemetry.handles import HandleTable, TooManyTags
from console.services.telemetry.outlet import Outlet
from console.services.telemetry.sparkplug_decode import EXACT, NAN, Reading, shorten
from console.services.telemetry.troubles import hex_example

STALE_INTERVALS = 3
_MAX_TOPICS = 50_000
_MAX_TOPIC = 1024  # characters
_TRUE = frozenset({"true", "on", "yes"})
_FALSE = frozenset({"false", "off", "no"})


def matches(topic_filter: str, topic: str) -> tuple[str, ...] | None:
    """What the wildcards of an MQTT filter caught, None when it does not match. Topics with $ need it spelled out."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in {"+", "#"}:
        return None
    caught: list[str] = []
    for index, part in enumerate(wanted):
        if part == "#":
            return (*caught, "/".join(levels[index:]))
        if index >= len(levels) or part not in {"+", levels[index]}:
            return None
        if part == "+":
            caught.append(levels[index])
    return tuple(caught) if len(levels) == len(wanted) else None


def covers(wide: str, narrow: str) -> bool:
    """True when everything that `narrow` matches is matched by `wide` too."""
    wanted, levels = wide.split("/"), narrow.split("/")
    for index, part in enumerate(wanted):
        if part == "#":
            return not (index == 0 and narrow.startswith("$"))
        if index >= len(levels) or levels[index] == "#" or part not in {"+", levels[index]}:
            return False
    return len(levels) == len(wanted)


def without_covered(filters: Sequence[str]) -> list[str]:
    """The filters that no other one covers: a broker may deliver a message once per overlapping subscription."""
    distinct = list(dict.fromkeys(filters))
    return [one for one in distinct if not any(other != one and covers(other, one) for other in distinct)]


def pick(document: Any, path: str) -> Any:
    """The member at a dotted path; numbers index lists (`values.0.temp`). Raises LookupError."""
    for step in path.split(".") if path else ():
        if isinstance(document, list):
            if not step.isdecimal():
                raise LookupError(path)
            document = document[int(step)]
        elif isinstance(document, dict):
            document = document[step]
        else:
            raise LookupError(path)
    return document


def read_scalar(found: Any, mapping: TopicMap) -> tuple[ValueType, Reading]:
    """A JSON scalar as value; numbers scaled. Raises TypeError for lists and objects."""
    if found is None:
        return ValueType.UNKNOWN, Reading(quality=Quality.BAD, detail=Detail.NULL)
    if isinstance(found, bool):
        return ValueType.BOOLEAN, Reading(float(found))
    if isinstance(found, int | float):
        is_plain = mapping.scale == 1.0 and mapping.offset == 0.0
        try:
            value = float(found) * mapping.scale + mapping.offset
        except OverflowError:
            value = float("inf") if found > 0 else float("-inf")
        is_exact = is_plain and isinstance(found, int) and EXACT <= abs(found) < 1 << 64
        return ValueType.DOUBLE, Reading(value, exact=int(found) if is_exact else None)
    if isinstance(found, str):
        return ValueType.STRING, shorten(found)
    raise TypeError(type(found).__name__)


def read_text(raw: bytes) -> Any:
    """A payload that is one scalar: number, boolean word, JSON scalar or text. Raises UnicodeDecodeError."""
    text = raw.decode("utf-8").strip()
    lower = text.lower()
    if lower in _TRUE or lower in _FALSE:
        return lower in _TRUE
    if re.fullmatch(r"[+-]?\d{1,300}", text):
        return int(text)
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,5})?|[+-]?nan|[+-]?inf(inity)?", lower):
        return float(text)
    return json.loads(text) if text.startswith('"') and text.endswith('"') and len(text) > 1 else text


@dataclass(slots=True)
class _Sender:
    """One topic: its mappings with what their wildcards caught, and the tags made so far."""

    rules: list[tuple[TopicMap, tuple[str, ...]]]
    tags: dict[int, Tag] = field(default_factory=dict)
    is_blind: bool = True


class PlainTopics:
    """Pure. `message` every message that is not Sparkplug's."""

    def __init__(self, broker: str, maps: Sequence[TopicMap], handles: HandleTable, outlet: Outlet) -> None:
        self._broker = broker
        self._maps = tuple(m for m in maps if m.broker in {"", broker})
        self._handles = handles
        self._outlet = outlet
        self._senders: dict[str, _Sender] = {}

    @property
    def filters(self) -> tuple[str, ...]:
        """What to subscribe."""
        return tuple(dict.fromkeys(m.topic for m in self._maps))

    def link_lost(self) -> None:
        for sender in self._senders.values():
            sender.is_blind = True

    def message(self, topic: str, raw: bytes, receive_us: int, *, retained: bool = False) -> None:
        """Never raises: what cannot be read is counted with its topic."""
        if len(topic) > _MAX_TOPIC:
            self._outlet.trouble(topic, "bad_topic", receive_us, f"{len(topic)} characters")
            return
        sender = self._senders.get(topic) or self._sender(topic)
        if not sender.rules:
            return
        try:
            self._read(topic, sender, raw, receive_us, retained=retained)
        except (ValueError, RecursionError) as error:  # bad UTF-8 and bad JSON are ValueErrors
            self._fail(topic, "bad_json", receive_us, f"{type(error).__name__} {hex_example(raw)}")
        except LookupError as error:
            self._fail(topic, "no_such_path", receive_us, str(error))
        except TypeError as error:
            self._fail(topic, "no_scalar", receive_us, str(error))
        except TooManyTags:
            self._fail(topic, "too_many_tags", receive_us, "")
        except Exception as error:
            self._outlet.columns.rollback()
            self._fail(topic, "undecodable", receive_us, f"{type(error).__name__} {hex_example(raw)}")

    def _fail(self, topic: str, kind: str, receive_us: int, example: str) -> None:
        self._outlet.columns.end_message(receive_us)  # the paths that could be read stay
        self._outlet.trouble(topic, kind, receive_us, example)

    def _sender(self, topic: str) -> _Sender:
        if len(self._senders) >= _MAX_TOPICS:
            self._senders.clear()
        rules: dict[str, tuple[TopicMap, tuple[str, ...]]] = {}
        for mapping in self._maps:
            caught = matches(mapping.topic, topic)
            if caught is not None:  # topic and path are the tag's identity: the first mapping of a field wins
                rules.setdefault(mapping.path, (mapping, caught))
        sender = self._senders[topic] = _Sender(list(rules.values()))
        return sender

    def _read(self, topic: str, sender: _Sender, raw: bytes, receive_us: int, *, retained: bool) -> None:
        document: Any = None
        is_parsed = False
        problem: Exception | None = None
        for index, (mapping, caught) in enumerate(sender.rules):
            try:
                if mapping.path and not is_parsed:
                    document, is_parsed = json.loads(raw), True
                found = pick(document, mapping.path) if mapping.path else read_text(raw)
                value_type, reading = read_scalar(found, mapping)
            except (LookupError, TypeError) as error:
                problem = problem or error
                continue
            tag = self._tag(topic, sender, index, mapping, caught, value_type, receive_us)
            self._append(tag, reading, receive_us, retained=retained)
        self._outlet.columns.end_message(receive_us)
        if problem is not None:
            raise problem

    def _tag(
        self,
        topic: str,
        sender: _Sender,
        index: int,
        mapping: TopicMap,
        caught: tuple[str, ...],
        value_type: ValueType,
        receive_us: int,
    ) -> Tag:
        tag = sender.tags.get(index)
        is_same = tag is not None and (value_type in {tag.value_type, ValueType.UNKNOWN})
        if tag is None or not is_same:
            levels = topic.split("/")
            name = mapping.tag or (f"{levels[-1]}.{mapping.path}" if mapping.path else levels[-1])
            for number, part in enumerate(caught, 1):
                name = name.replace(f"{{{number}}}", part)
            tag, is_changed = self._handles.define(
                TagSource(self._broker, levels[0], topic, "", name, plain=True),
                value_type,
                mapping.unit,
                stale_after_s=mapping.interval_s * STALE_INTERVALS,
                plain_path=mapping.path,
            )
            sender.tags[index] = tag
            if is_changed:
                self._outlet.columns.end_message(receive_us)
                self._outlet.emit(TagsDefined((tag,)))
        if sender.is_blind:
            sender.is_blind = False
            self._outlet.columns.end_message(receive_us)
            self._outlet.emit(self._online(topic, sender, receive_us))
        return tag

    def _online(self, topic: str, sender: _Sender, receive_us: int) -> SessionChanged:
        group = topic.split("/", 1)[0]
        asset = self._handles.asset_id(self._broker, group, topic)
        count = len(sender.rules)
        record = NodeRecord(
            self._broker, group, topic, "", asset, "online", receive_us, metrics=count, last_message_us=receive_us
        )
        return SessionChanged(record, np.array([tag.handle for tag in sender.tags.values()], np.int32), receive_us)

    def _append(self, tag: Tag, reading: Reading, receive_us: int, *, retained: bool) -> None:
        columns = self._outlet.columns
        row = len(columns.handles)
        quality, detail = reading.quality, reading.detail
        if retained and quality == Quality.GOOD:
            quality = Quality.UNCERTAIN  # published at an unknown time before we came
        columns.handles.append(tag.handle)
        columns.stamps.append(receive_us // 1000)
        columns.values.append(reading.value if reading.text is None else NAN)
        if quality or detail:
            columns.odd[row] = (quality, detail, 0)
        if reading.text is not None:
            columns.texts[row] = reading.text
        if reading.exact is not None:
            columns.exact[row] = reading.exact
