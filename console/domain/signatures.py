"""Electronic signatures: what a signature can mean, the sentence that is signed, and the record it is bound to.

Sources: 21 CFR 11.50 (name, time, meaning), 11.70 (bound to its record), 11.200 (two components); security rows 51-53.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SENTENCE_VER = 1  # counts up when a sentence changes: what was signed under an older one stays readable


class Meaning(StrEnum):
    """Stored in the envelope: never renamed."""

    APPROVED = "approved"
    REVIEWED = "reviewed"
    RESPONSIBLE = "responsible"
    COUNTERSIGNED = "countersigned"
    REVOKED = "revoked"
    RESOLVED_CONFLICT = "resolved_conflict"
    HANDED_OVER = "handed_over"


# English, translated where they are shown; {name} is the printed name of the signer.
SENTENCES: dict[Meaning, str] = {
    Meaning.APPROVED: "I, {name}, approve this record.",
    Meaning.REVIEWED: "I, {name}, have reviewed this record.",
    Meaning.RESPONSIBLE: "I, {name}, take responsibility for this record.",
    Meaning.COUNTERSIGNED: "I, {name}, have checked this act of another person, and it shall take effect.",
    Meaning.REVOKED: "I, {name}, withdraw these rights.",
    Meaning.RESOLVED_CONFLICT: "I, {name}, have compared the values and decide for this one.",
    Meaning.HANDED_OVER: "I, {name}, hand over the shift as described.",
}


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it is shown before it is signed: what kind, which one, and its lines (label, value) in order."""

    record_type: str
    record_id: str
    lines: tuple[tuple[str, str], ...] = ()

    def sha256(self, meaning: Meaning) -> str:
        """What the signature is bound to: the record with its meaning and sentence; 64 hex digits."""
        content = [self.record_type, self.record_id, self.lines, meaning.value, SENTENCE_VER]
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class SignatureProof:
    """What the signer gives at each signing: password or PIN again, and the hash of what he was shown."""

    secret: str = field(repr=False)
    meaning: str
    shown_hash: str


def always(_command: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Signed:
    """Part of a permission row: this command is signed, and what the signature means; `when` narrows it."""

    meaning: Meaning
    when: Callable[[Any], bool] = always
