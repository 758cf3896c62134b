"""The metrics that one birth certificate declared, by name and by alias, and the decoding of data against them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from console.domain.quality import Quality
from console.domain.tags import Tag, TagSource
from console.services.records import Ints
from console.services.telemetry import sparkplug_decode as decode
from console.services.telemetry.batch import FLAG_BIRTH, FLAG_HISTORICAL, FLAG_TRANSIENT
from console.services.telemetry.columns import SampleColumns
from console.services.telemetry.handles import HandleTable, TooManyTags
from console.services.telemetry.sparkplug_decode import Kind, MetricDef, Reading
from console.services.telemetry.sparkplug_topic import is_odd

Complain = Callable[[str, str], None]  # kind, example
MAX_NAME = 4096
_HIDDEN = ("Node Control/", "Device Control/")
_FLOAT, _INT, _BOOLEAN = (  # plain integers: comparing enum members costs more than the field
    int(kind) for kind in (Kind.FLOAT, Kind.INT, Kind.BOOLEAN)
)


def is_hidden(name: str) -> bool:
    """Protocol metrics that are no values of the plant."""
    return name == "bdSeq" or name.startswith(_HIDDEN)


@dataclass(slots=True)
class MetricTable:
    """Aliases are unique per node over all its devices (`payloads-alias-uniqueness`), names per device."""

    by_alias: dict[int, MetricDef] = field(default_factory=dict)
    by_name: dict[tuple[str, str], MetricDef] = field(default_factory=dict)  # device, name
    hidden: set[tuple[str, str]] = field(default_factory=set)
    hidden_aliases: dict[int, str] = field(default_factory=dict)  # alias -> device
    fast: dict[int, tuple[int, int, int]] = field(default_factory=dict)  # alias -> handle, kind, limit of numbers
    has_alias_zero: bool = False

    def add_alias(self, alias: int, known: MetricDef) -> None:
        self.by_alias[alias] = known
        if alias == 0:  # an absent alias reads as zero, so that every metric must be looked at closely
            self.has_alias_zero = True
            self.fast.clear()
        elif known.kind != Kind.OTHER and not self.has_alias_zero:
            self.fast[alias] = (known.handle, known.kind, known.limit)

    def drop(self, device: str) -> None:
        """The device's birth is over: its names and aliases mean nothing any more."""
        for number in [number for number, known in self.by_alias.items() if known.device == device]:
            del self.by_alias[number]
            self.fast.pop(number, None)
        for number in [number for number, owner in self.hidden_aliases.items() if owner == device]:
            del self.hidden_aliases[number]
        for key in [key for key in self.by_name if key[0] == device]:
            del self.by_name[key]
        self.hidden = {key for key in self.hidden if key[0] != device}

    def handles(self, device: str) -> Ints:
        return np.array([known.handle for key, known in self.by_name.items() if key[0] == device], np.int32)


class BirthReader:
    """Reads one birth certificate into the table: `tags` that are new or changed, then `append` the first values."""

    def __init__(self, table: MetricTable, handles: HandleTable, where: TagSource, complain: Complain) -> None:
        self._table = table
        self._handles = handles
        self._where = where
        self._complain = complain
        self._kept: list[tuple[Any, MetricDef]] = []
        self.changed: list[Tag] = []

    def read(self, payload: Any) -> None:
        for metric in payload.metrics:
            name = decode.clean_name(metric.name)
            if not name:
                self._complain("no_name", "")
            elif is_hidden(name):
                self._hide(name, metric)
            elif len(name) > MAX_NAME:
                self._complain("name_too_long", name)
            elif (self._where.device, name) in self._table.by_name:
                self._complain("duplicate_name", name)
            else:
                self._define(name, metric)

    def append(self, columns: SampleColumns, default_ms: int) -> None:
        """The birth's values as rows with FLAG_BIRTH."""
        for metric, known in self._kept:
            append_slow(columns, metric, known, default_ms, FLAG_BIRTH)

    @property
    def handles(self) -> Ints:
        return np.array([known.handle for _, known in self._kept], np.int32)

    def _hide(self, name: str, metric: Any) -> None:
        self._table.hidden.add((self._where.device, name))
        if metric.HasField("alias"):
            self._table.hidden_aliases[metric.alias] = self._where.device

    def _define(self, name: str, metric: Any) -> None:
        table, device = self._table, self._where.device
        value_type, is_given = decode.type_of(metric)
        if not is_given:
            self._complain("no_datatype", name)
        if is_odd(name):
            self._complain("odd_name", name)
        where = self._where
        source = TagSource(where.broker, where.group, where.node, device, name)
        try:
            tag, is_changed = self._handles.define(source, value_type, decode.read_unit(metric))
        except TooManyTags:
            self._complain("too_many_tags", name)
            return
        if is_changed:
            self.changed.append(tag)
        known = decode.define(name, device, tag.handle, value_type)
        table.by_name[device, name] = known
        if metric.HasField("alias"):
            if metric.alias in table.by_alias or metric.alias in table.hidden_aliases:
                self._complain("duplicate_alias", f"{metric.alias} {name}")
            else:
                table.add_alias(metric.alias, known)
        self._kept.append((metric, known))


def append_data(
    table: MetricTable, device: str, payload: Any, raw: bytes, columns: SampleColumns, default_ms: int
) -> list[str]:
    """Rows of an NDATA or DDATA. Returns what the table does not know, as text.

    `raw` tells cheaply whether any metric can carry a flag or a property; most messages cannot, and go the fast way.
    """
    find = table.fast.get
    has_extras = _may_have_extras(raw)
    add_handle, add_stamp, add_value = columns.handles.append, columns.stamps.append, columns.values.append
    unknown: list[str] = []
    for metric in payload.metrics:
        entry = find(metric.alias)
        value = 0.0
        if entry is not None:
            handle, kind, limit = entry
            if not kind:  # Kind.DOUBLE, most of a plant
                value = metric.double_value
            elif kind == _FLOAT:
                value = metric.float_value
            elif kind == _BOOLEAN:
                value = metric.boolean_value
            else:
                raw_value = metric.int_value if kind == _INT else metric.long_value
                value = raw_value if raw_value < limit else 0  # the long way knows two's complement and 2**53
        if not value or (has_extras and _has_extras(metric)):  # zero and absent look alike here
            known = _find(table, device, metric, unknown)
            if known is not None:
                append_slow(columns, metric, known, default_ms, 0)
            continue
        add_handle(handle)
        add_stamp(metric.timestamp or default_ms)
        add_value(value)
    return unknown


def _may_have_extras(raw: bytes) -> bool:
    """Flags set to true, or a quality: the bytes are rare enough by chance, and spelt out this is the fastest way."""
    return b"uality" in raw or b"\x28\x01" in raw or b"\x30\x01" in raw or b"\x38\x01" in raw or b"UALITY" in raw


def _has_extras(metric: Any) -> bool:
    return bool(metric.is_null or metric.is_historical or metric.is_transient or metric.HasField("properties"))


def append_slow(columns: SampleColumns, metric: Any, known: MetricDef, default_ms: int, flags: int) -> None:
    """One row with everything that a metric can carry."""
    reading = decode.read_value(metric, known.value_type)
    quality, detail = reading.quality, reading.detail
    if metric.HasField("properties"):
        quality, detail = _judge(metric, reading)
    if metric.is_historical:
        flags |= FLAG_HISTORICAL
    if metric.is_transient:
        flags |= FLAG_TRANSIENT
    row = len(columns.handles)
    columns.handles.append(known.handle)
    columns.stamps.append(metric.timestamp or default_ms)
    columns.values.append(reading.value)
    if quality or detail or flags:
        columns.odd[row] = (quality, detail, flags)
    if reading.text is not None:
        columns.texts[row] = reading.text
    if reading.exact is not None:
        columns.exact[row] = reading.exact


def _judge(metric: Any, reading: Reading) -> tuple[int, int]:
    """The worse of what the sender says and what we saw; our own finding stands when both are equally bad."""
    said = decode.read_quality(metric)
    if said is None or said[0] <= reading.quality or reading.quality >= Quality.BAD:
        return reading.quality, reading.detail
    return said


def _find(table: MetricTable, device: str, metric: Any, unknown: list[str]) -> MetricDef | None:
    name = decode.clean_name(metric.name)
    has_alias = metric.HasField("alias")
    known = table.by_alias.get(metric.alias) if has_alias else None
    if known is None and name:
        known = table.by_name.get((device, name))
    is_protocol = (device, name) in table.hidden or (has_alias and metric.alias in table.hidden_aliases)
    if known is None and not is_protocol:
        unknown.append(name or (str(metric.alias) if has_alias else "no name and no alias"))
    return known
