"""How the fields of a journal entry read in its one line: what each is called, how its value is written, and what the
line leaves out because only machines need it. The entry itself, shown beside the list, leaves nothing out."""

from collections.abc import Callable
from typing import Any

from console.models.alarm_aside import REASON_WORDS
from console.models.incident_table import incident_state_word
from console.models.master_words import STATE_WORDS, field_word
from console.ui.format import US, age_text, clock_text, number_text
from console.ui.translation import mark, tr

NAMES: dict[str, str] = {
    "agent": mark("person"),
    "alarm": mark("alarm"),
    "area": mark("area"),
    "asset_ids": mark("assets"),
    "auth_us": mark("signed at"),
    "by_ms": mark("by (ms)"),
    "code": mark("code"),
    "command": mark("act"),
    "comment": mark("comment"),
    "condition_id": mark("alarm"),
    "count": mark("entries"),
    "description": mark("description"),
    "detail": mark("detail"),
    "event": mark("step"),
    "events": mark("entries"),
    "field": mark("field"),
    "file": mark("file"),
    "from_us": mark("since"),
    "from_station": mark("from"),
    "impact": mark("impact"),
    "incident_id": mark("incident"),
    "into": mark("into"),
    "is_one_shot": mark("only until its return"),
    "is_shared": mark("shared with the site"),
    "is_ok": mark("heard"),
    "key": mark("name"),
    "max_s": mark("at most"),
    "meaning": mark("meaning"),
    "method": mark("by"),
    "name": mark("name"),
    "node_path": mark("node"),
    "note": mark("note"),
    "number": mark("number"),
    "peer": mark("with"),
    "priority": mark("priority"),
    "reason": mark("reason"),
    "reason_code": mark("reason"),
    "record_type": mark("record of"),
    "resolution_code": mark("solved by"),
    "role": mark("role"),
    "rows": mark("records"),
    "solution": mark("solution"),
    "start_us": mark("began"),
    "station_code": mark("station"),
    "summary": mark("content"),
    "team": mark("team"),
    "text": mark("text"),
    "through_us": mark("through"),
    "title": mark("title"),
    "to": mark("to"),
    "to_us": mark("until"),
    "until_us": mark("until"),
    "urgency": mark("urgency"),
    "user_id": mark("person"),
    "value": mark("value"),
    "values": mark("values"),
    "version": mark("version"),
    "what": mark("what"),
    "why": mark("why"),
    "work_order": mark("work order"),
}
# Keys, digests, positions in streams: for whoever verifies, not for whoever reads.
LEFT_OUT = frozenset({
    "acknowledgements", "act_hash", "bucket", "certificate_hex", "content", "first_prev", "first_us", "from_seq",
    "held_by", "import_id", "last_hash", "last_us", "look", "merkle_root", "part", "parts", "predecessor",
    "public_key_hex", "record_id", "seen", "seen_through_us", "sentence_ver", "seq", "seqs", "sha256", "shelf_class",
    "station_id", "streams", "tag_ids", "to_seq", "uri", "use_id",
})  # fmt: skip
WORDS: dict[str, str] = {
    "approve": mark("approve"),
    "badge": mark("badge"),
    "master_alarms": mark("master alarm records"),
    "password": mark("password"),
    "pin": mark("PIN"),
    "retire": mark("retire"),
    "send_back": mark("send back"),
    "submit": mark("submit for review"),
    "switch": mark("switch of person"),
}
_WORD_OF: dict[str, Callable[[str], str]] = {
    "reason_code": lambda code: tr(REASON_WORDS[code]) if code in REASON_WORDS else code,
    "to": lambda state: tr(STATE_WORDS[state]) if state in STATE_WORDS else incident_state_word(state),
    "field": field_word,
    **dict.fromkeys(("event", "method", "why", "record_type"), lambda word: tr(WORDS[word]) if word in WORDS else word),
}
_LENGTHS = frozenset({"max_s"})


def field_text(key: str, value: Any, now_us: int, name_of: Callable[[str], str]) -> str:
    """`until: 10:42:55`; `name_of` names what a value that is an id stands for. Empty for what the line leaves out."""
    if key in LEFT_OUT:
        return ""
    if key == "values" and isinstance(value, list):  # pairs: the registers of a record
        return " · ".join(f"{field_word(str(one[0]))}: {one[1]}" for one in value if _is_pair(one) and one[1])
    name = tr(NAMES[key]) if key in NAMES else key
    return f"{name}: {value_text(key, value, now_us, name_of)}"


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2


def value_text(key: str, value: Any, now_us: int, name_of: Callable[[str], str]) -> str:
    if isinstance(value, list):
        return ", ".join(value_text(key, part, now_us, name_of) for part in value)
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, int):
        if key.endswith("_us"):
            return clock_text(value, now_us)
        return age_text(value * US) if key in _LENGTHS else number_text(value)
    if not isinstance(value, str):
        return str(value)
    return _WORD_OF[key](value) if key in _WORD_OF else name_of(value)
