"""One journal entry as plain text: its envelope, its content, and what stood there before."""

import json
from collections.abc import Sequence
from typing import Any

from console.models.journal_words import event_word
from console.services.records import JournalRow
from console.ui.format import time_tip
from console.ui.translation import tr

_MOST = 20_000  # characters of one pane
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


def detail_text(entry: JournalRow, earlier: Sequence[JournalRow], name: str = "") -> str:
    """Everything about an entry, the newest earlier entries of its entity below it."""
    lines = [
        f"{tr('When')}: {time_tip(entry.at_us)}",
        f"{tr('Who')}: {entry.user}",
        f"{tr('What')}: {event_word(entry.etype)} ({entry.etype})",
        f"{tr('Concerns')}: {name or entry.entity}" + (f" ({entry.entity})" if name not in {"", entry.entity} else ""),
        f"{tr('Station')}: {entry.station}, {tr('entry {seq} of its journal', seq=entry.seq)}",
        f"{tr('Kept')}: {tr('in the centre') if entry.in_centre else tr('this PC')}",
        f"{tr('Identity')}: {entry.hash}",
        "",
        tr("Content"),
        payload_text(entry.summary),
    ]
    if earlier:
        lines += ["", tr("Before, about the same")]
    for row in earlier[:_BEFORE]:
        lines += [f"{time_tip(row.at_us)} · {row.user} · {event_word(row.etype)}", payload_text(row.summary), ""]
    return "\n".join(lines)
