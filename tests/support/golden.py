"""Golden events: one signed event of every kind of fact, written once and kept for ever.

`python -m tests.support.golden` adds what is missing; it never touches a file that is there. Whoever has to change one
has broken every journal in the field.
"""

import dataclasses
import hashlib
import json
import sys
import types
import typing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from console.domain.facts import FACTS, Fact
from console.services.journal.entries import Actor
from console.services.journal.hlc import HybridClock
from console.services.journal.keys import FileKey
from console.services.journal.own_stream import OwnStream, Place, Surroundings, draft_of
from tests.support.journals import START_US

FOLDER = Path(__file__).parents[1] / "services/journal/golden"
SUMS = FOLDER / "SHA256SUMS"
_SPACE = UUID("0190a0b0-0000-7000-8000-00000000601d")


def file_of(etype: str, ever: int) -> Path:
    return FOLDER / f"{etype}@{ever}.json"


def sample(kind: type[Fact]) -> Fact:
    """A fact with every field filled, the same each time."""
    hints = typing.get_type_hints(kind)
    return kind(**{f.name: _value(hints[f.name], f"{kind.etype}.{f.name}") for f in dataclasses.fields(kind)})


def _value(hint: Any, name: str) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return tuple(_value(inner[0], f"{name}.{n}") for n in range(2))
    if origin in (typing.Union, types.UnionType):
        return _value(next(one for one in inner if one is not type(None)), name)
    if hint is UUID:
        return uuid5(_SPACE, name)
    if hint is bool:
        return True
    if hint is int:
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big")
    if hint is float:
        return 12.5
    return f'{name} \u00c4\u20ac\U0001f6e2 "quoted"\n'


class _Shelf:
    """An `EventStore` for one event: remembers the stream that was opened, and what was made."""

    def __init__(self) -> None:
        self.made: list[Any] = []
        self._meta: dict[str, str] = {}
        self._stream: Any = None

    def meta(self, name: str) -> str | None:
        return self._meta.get(name)

    def set_meta(self, name: str, value: str) -> None:
        self._meta[name] = value

    def stream(self, _stream: UUID) -> Any:
        return self._stream

    def add_stream(self, stream: Any, _opened_hlc: int, _predecessor: UUID | None) -> None:
        self._stream = stream

    def insert(self, event: Any, _recv_from: str, _recv_at: int) -> int:
        self.made.append(event)
        self._stream = msgspec.structs.replace(self._stream, head_seq=event.seq, head_hash=event.raw.hash)
        return len(self.made)


def make(kind: type[Fact]) -> dict[str, Any]:
    """The event's bytes and what they say."""
    seed = hashlib.sha256(kind.etype.encode()).digest()
    key = FileKey(Ed25519PrivateKey.from_private_bytes(seed))
    place = Place(uuid5(_SPACE, "site"), uuid5(_SPACE, "station"), "G1", uuid5(_SPACE, "tenant"))
    around = Surroundings("b00710", lambda: 123_456, lambda _wall: 120)
    own = OwnStream(place, key, HybridClock(lambda: START_US), lambda n: seed[:n], surroundings=around)
    actor = Actor("u-gold", "gold", "Gold", ("operator", "shift_lead"), "s-1", "password", 7)
    shelf, fact = _Shelf(), sample(kind)
    draft = draft_of([fact], actor, reason="a reason", parents=(seed,), wall_us=START_US, meaning="approved")
    own.append(shelf, draft, START_US)  # type: ignore[arg-type]
    raw = shelf.made[-1].raw
    return {
        "etype": kind.etype,
        "ever": kind.ever,
        "body": raw.body.decode(),
        "hash": raw.hash.hex(),
        "sig": raw.sig.hex(),
        "public_key": key.public_key.hex(),
        "fact": msgspec.to_builtins(fact),
    }


def add_missing() -> list[str]:
    """Write the files that are not there; gives their names."""
    FOLDER.mkdir(exist_ok=True)
    added = []
    for kind in FACTS.values():
        path = file_of(kind.etype, kind.ever)
        if not path.exists():
            path.write_text(json.dumps(make(kind), ensure_ascii=True, indent=1) + "\n", encoding="utf-8", newline="\n")
            added.append(path.name)
    if added:
        with SUMS.open("a", encoding="utf-8", newline="\n") as sums:
            for name in added:
                sums.write(f"{hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()}  {name}\n")
    return added


if __name__ == "__main__":
    sys.stdout.write("".join(f"{name}\n" for name in add_missing()))
