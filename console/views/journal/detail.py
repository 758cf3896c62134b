"""One journal entry as plain text: its envelope, its content, what it changed, and what was doubted about it."""

import json
from collections.abc import Sequence
from typing import Any

from console.models.journal_words import event_word
from console.models.sync_words import flag_word, places_text
from console.services.journal.before_after import Change, Told, changes
from console.services.records import JournalRow
from console.ui.format import time_tip
from console.ui.translation import tr

_MOST = 20_000  # characters of one pane
_VALUE = 400
_BEFORE = 5


def payload_text(summary: str) -> str:
    """The payload, one field a line when it is JSON; as it is when it is not."""
    try:
        payload: Any = json.loads(summary)
    except ValueError:
        return summary[:_MOST]
    if isinstance(payload, dict):
        return "\n".join(f"{key}: {_value(value)}" for key, value in payload.items())[:_MOST]
    return _value(payload)[:_MOST]


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def told_of(row: JournalRow) -> Told:
    """The row as the rules of before and after read it; a payload that is no object changes nothing."""
    try:
        payload: Any = json.loads(row.summary)
    except ValueError:
        payload = None
    return Told(row.hash, row.etype, payload if isinstance(payload, dict) else {})


def change_lines(found: Sequence[Change]) -> list[str]:
    """`title: Fan -> Fan 2`; a value that was not known is a dash."""
    return [f"{one.field}: {_short(one.before)} \u2192 {_short(one.after)}" for one in found]


def _short(text: str) -> str:
    shown = text or "\u2013"
    return shown if len(shown) <= _VALUE else f"{shown[:_VALUE]}\u2026"


def detail_text(entry: JournalRow, earlier: Sequence[JournalRow], name: str = "") -> str:
    """Everything about an entry; `earlier`: what is known of its entity from before, newest first."""
    roles = f" ({', '.join(entry.roles)})" if entry.roles else ""
    lines = [
        f"{tr('When')}: {time_tip(entry.at_us)}",
        f"{tr('Who')}: {entry.user}{roles}",
        f"{tr('What')}: {event_word(entry.etype)} ({entry.etype})",
        f"{tr('Concerns')}: {name or entry.entity}" + (f" ({entry.entity})" if name not in {"", entry.entity} else ""),
        *([f"{tr('Why')}: {entry.reason}"] if entry.reason else []),
        f"{tr('Station')}: {entry.station}, {tr('entry {seq} of its journal', seq=entry.seq)}",
        f"{tr('Kept')}: {places_text(entry.in_centre, entry.stations)}",
        *(f"{tr('Doubt')}: {flag_word(flag)}" for flag in entry.flags),
        f"{tr('Identity')}: {entry.hash}",
    ]
    found = changes(told_of(entry), [told_of(row) for row in earlier])
    if found:
        lines += ["", tr("Before and after"), *change_lines(found)]
    lines += ["", tr("Content"), payload_text(entry.summary)]
    if earlier:
        lines += ["", tr("Before, about the same")]
    for row in earlier[:_BEFORE]:
        lines += [
            f"{time_tip(row.at_us)} \u00b7 {row.user} \u00b7 {event_word(row.etype)}",
            payload_text(row.summary),
            "",
        ]
    return "\n".join(lines)
