"""The states of yes/no, text and enumerated tags over the shown window, as runs to draw; asked for as time goes on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

from console.domain.quality import Quality
from console.domain.tags import Tag
from console.domain.values import INTEGER_TYPES, ValueType
from console.services.history_records import StateColumns
from console.services.station import StateQuery, Station
from console.ui.errands import Errands
from console.ui.format import is_trusted, number_text, quality_word
from console.ui.translation import tr
from console.ui.trend_marks import StateRun

MOST_RUNS = 1500  # spans of one row: one a pixel column or so
MOST_ROWS = 16
_TEXTS = frozenset({ValueType.STRING, ValueType.TEXT, ValueType.UUID})


def has_states(tag: Tag) -> bool:
    """Whether it can be shown as a row of states."""
    return tag.value_type == ValueType.BOOLEAN or tag.value_type in _TEXTS or tag.value_type in INTEGER_TYPES


def is_of_states(tag: Tag) -> bool:
    """Whether it is shown as states unless somebody wants a curve: yes/no, and text that no curve can show."""
    return tag.value_type == ValueType.BOOLEAN or tag.value_type in _TEXTS


def runs_of(tag: Tag, columns: StateColumns) -> list[StateRun]:
    """What `StateColumns` says, with words. No and the lowest number are the quiet state; texts count as they come."""
    named, shades = dict(tag.enum), _shades(columns)
    rows = zip(
        columns.start_us.tolist(),
        columns.end_us.tolist(),
        columns.value.tolist(),
        columns.quality.tolist(),
        columns.is_mixed.tolist(),
        strict=True,
    )
    made = []
    for start_us, end_us, value, quality, mixed in rows:
        if mixed and is_trusted(quality):
            made.append(StateRun(start_us, end_us, "", 1, is_mixed=True))
        elif isnan(value) or not is_trusted(quality):
            distrusted = quality if not is_trusted(quality) else Quality.UNKNOWN
            made.append(StateRun(start_us, end_us, quality_word(distrusted), -1))
        else:
            made.append(StateRun(start_us, end_us, _word(tag, value, named, columns.texts), shades.get(value, 1)))
    return made


def _shades(columns: StateColumns) -> Mapping[float, int]:
    values = sorted({value for value in columns.value.tolist() if not isnan(value)})
    if columns.texts:
        return {value: place + 1 for place, value in enumerate(values)}
    if set(values) <= {0.0, 1.0}:
        return {0.0: 0, 1.0: 1}
    return {value: place for place, value in enumerate(values)}


def _word(tag: Tag, value: float, named: Mapping[int, str], texts: Mapping[int, str]) -> str:
    if texts:
        return texts.get(int(value), "")
    if value == int(value) and int(value) in named:
        return named[int(value)]
    if tag.value_type == ValueType.BOOLEAN:
        return tr("yes") if value else tr("no")
    return number_text(value)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A question."""

    tags: tuple[Tag, ...]
    from_us: int
    to_us: int


class TrendStates:
    """`look(tags, from, to)` asks; `told(tag, runs)` is called for each when the answer is there. The latest wins."""

    def __init__(
        self, station: Station, show: Callable[[str], None], told: Callable[[Tag, list[StateRun]], None], asker: str
    ) -> None:
        self._station, self._told, self._asker = station, told, asker
        self._errands = Errands(show)
        self._task: Any = None
        self._next: _Wanted | None = None

    def look(self, tags: tuple[Tag, ...], from_us: int, to_us: int) -> None:
        """A question that runs is left to end, then the newest one follows: live windows move faster than a year is
        read."""
        if not tags or from_us >= to_us:
            return
        self._next = _Wanted(tags, from_us, to_us)
        if self._task is None or self._task.done():
            self._task = self._errands.run(self._ask())

    def close(self) -> None:
        self._next = None
        self._errands.cancel()

    async def _ask(self) -> None:
        while (wanted := self._next) is not None:
            self._next = None
            ids = tuple(tag.tag_id for tag in wanted.tags)
            answer = await self._station.query(StateQuery(ids, wanted.from_us, wanted.to_us, MOST_RUNS, self._asker))
            for tag, columns in zip(wanted.tags, answer, strict=True):
                self._told(tag, runs_of(tag, columns))
