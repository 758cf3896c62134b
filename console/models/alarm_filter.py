"""What a person wants to see of the alarm list: words, priorities, states, areas and classes, to be kept by name."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmState
from console.models.alarm_columns import AlarmColumns
from console.models.alarm_texts import class_word
from console.ui.translation import mark, tr

_NO_NAMES: Mapping[str, str] = MappingProxyType({})
ESCALATED = "escalated"
# The four base states of ISA-18.2 that stand in a list, and the latched one that waits for its reset.
STATES: Mapping[str, tuple[str, frozenset[AlarmState]]] = {
    "new": (mark("active, unacknowledged"), frozenset({AlarmState.UNACKNOWLEDGED})),
    "acknowledged": (mark("active, acknowledged"), frozenset({AlarmState.ACKNOWLEDGED})),
    "returned": (
        mark("returned, unacknowledged"),
        frozenset({AlarmState.RETURNED_UNACKNOWLEDGED, AlarmState.LATCHED_UNACKNOWLEDGED}),
    ),
    "latched": (mark("waits for its reset"), frozenset({AlarmState.LATCHED_ACKNOWLEDGED})),
    ESCALATED: (mark("escalated"), frozenset()),  # a mark beside the state
}
_LONGEST = 20_000  # characters of a kept filter that are read


@dataclass(frozen=True, slots=True)
class AlarmFilter:
    """An empty set asks for nothing: every priority, state, area and class passes."""

    text: str = ""
    priorities: frozenset[int] = frozenset()
    states: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        return self == AlarmFilter()

    @property
    def without_text(self) -> "AlarmFilter":
        return replace(self, text="")

    def toggled(self, part: str, value: object) -> "AlarmFilter":
        """With one priority, state, area or class taken in or out; `part` is the field's name."""
        chosen: frozenset[object] = getattr(self, part)
        changes = {part: chosen ^ {value}}
        return replace(self, **changes)  # type: ignore[arg-type]

    def words(self, class_names: Mapping[str, str] = _NO_NAMES) -> str:
        """What passes beside the typed words, in the person's language; empty when everything does."""
        parts = []
        if self.priorities:
            parts.append(tr("Only priority {n}", n=", ".join(map(str, sorted(self.priorities)))))
        parts += [tr(words) for key, (words, _states) in STATES.items() if key in self.states]
        parts += [_listed(area or tr("no area") for area in sorted(self.areas))] if self.areas else []
        parts += (
            [_listed(sorted(class_word(one, class_names.get(one, "")) for one in self.classes))] if self.classes else []
        )
        return " · ".join(parts)

    def mask(self, alarms: AlarmColumns, matches: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which rows pass; `matches` tells which hold the typed words."""
        passing = np.ones(len(alarms), np.bool_)
        if self.text:
            passing &= matches[: len(alarms)]
        if self.priorities:
            passing &= np.isin(alarms["priority"], list(self.priorities))
        if self.states:
            wanted = [int(state) for key in self.states & STATES.keys() for state in STATES[key][1]]
            chosen_state = np.isin(alarms["state"], wanted)
            if ESCALATED in self.states:
                chosen_state |= (alarms["flags"].astype(np.int64) & int(AlarmFlag.ESCALATED)) > 0
            passing &= chosen_state
        for field, chosen in (("area", self.areas), ("alarm_class", self.classes)):
            if chosen:
                codes = alarms.texts[field]
                passing &= np.isin(codes.codes(len(alarms)), codes.codes_of(chosen))
        return passing

    def kept(self) -> dict[str, object]:
        """JSON-able."""
        return {
            "text": self.text,
            "priorities": sorted(self.priorities),
            "states": sorted(self.states),
            "areas": sorted(self.areas),
            "classes": sorted(self.classes),
        }

    @classmethod
    def of_kept(cls, kept: object) -> "AlarmFilter":
        """What `kept` gave, as far as it can be read."""
        if not isinstance(kept, Mapping):
            return cls()
        return cls(
            str(kept.get("text", ""))[:200],
            frozenset(n for n in _list(kept, "priorities") if isinstance(n, int) and 1 <= n <= 4),
            frozenset(key for key in STATES if key in _list(kept, "states")),
            frozenset(area for area in _list(kept, "areas") if isinstance(area, str)),
            frozenset(name for name in _list(kept, "classes") if isinstance(name, str)),
        )


def filters_text(filters: Mapping[str, AlarmFilter]) -> str:
    """Named filters as the JSON text of a preference."""
    return json.dumps({name: one.kept() for name, one in filters.items()}, separators=(",", ":"), ensure_ascii=False)


def filters_of(text: str) -> dict[str, AlarmFilter]:
    """Named filters from the JSON text of a preference; what cannot be read is left out."""
    try:
        table = json.loads(text[:_LONGEST])
    except ValueError:
        return {}
    if not isinstance(table, dict):
        return {}
    return {str(name)[:60]: AlarmFilter.of_kept(kept) for name, kept in table.items()}


def _list(kept: Mapping[str, object], key: str) -> Sequence[object]:
    value = kept.get(key, ())
    return value if isinstance(value, list | tuple) else ()


def _listed(names: Iterable[str]) -> str:
    """At most two names, then how many more."""
    every = list(names)
    more = f" +{len(every) - 2}" if len(every) > 2 else ""
    return ", ".join(every[:2]) + more
