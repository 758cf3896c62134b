"""Facts to JSON payloads and back, from the dataclass fields alone; what this version does not know stays bytes."""

import dataclasses
import math
from functools import cache
from typing import Any

import msgspec

from console.domain.facts import FACTS, Fact
from console.domain.refusal import Refused

MAX_TEXT = 8 * 1024  # bytes of one text in UTF-8
MAX_INTEGER = 2**53
MAX_DEPTH = 8


def encode_fact(fact: Fact) -> bytes:
    """The payload as compact JSON. Raises Refused for what the journal does not carry (too long, NaN, too large)."""
    for name in _names(type(fact)):
        _check(getattr(fact, name), 2)
    return msgspec.json.encode(fact)


def entity_id_of(fact: Fact) -> str:
    """What the fact is about: its first field."""
    return str(getattr(fact, _names(type(fact))[0]))


_NAMES: dict[Any, tuple[str, ...]] = {}


def _names(kind: Any) -> tuple[str, ...]:
    if kind not in _NAMES:
        _NAMES[kind] = tuple(field.name for field in dataclasses.fields(kind))
    return _NAMES[kind]


def decode_fact(etype: str, min_reader: int, payload: bytes) -> Fact | None:
    """The fact, or None when this version does not know the type, is too old for it, or the payload does not fit."""
    kind = FACTS.get(etype)
    if kind is None or kind.ever < min_reader:
        return None
    try:
        return _decoder(etype).decode(payload)
    except (msgspec.DecodeError, ValueError, RecursionError):  # ValueError: a text that is no UTF-8
        return None


def doubt_about(etype: str, min_reader: int, payload: bytes) -> str:
    """Why there is no fact: "unknown_type" for a kind or a version of it that a newer program wrote, "poison" for a
    payload that is not what its kind says, "" for none."""
    kind = FACTS.get(etype)
    if kind is None or kind.ever < min_reader:
        return "unknown_type"
    return "poison" if decode_fact(etype, min_reader, payload) is None else ""


@cache
def _decoder(etype: str) -> "msgspec.json.Decoder[Fact]":
    return msgspec.json.Decoder(FACTS[etype])


def _check(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Refused("Not saved: the record is nested too deeply.")
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise Refused("Not saved: a number is not finite.")
    elif isinstance(value, int):
        if abs(value) >= MAX_INTEGER:
            raise Refused("Not saved: the number {number} is too large.", number=value)
    elif isinstance(value, dict):
        for item in value.values():
            _check(item, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            _check(item, depth + 1)


def check_text(text: str) -> None:
    """Raise Refused for a text that is too long, or that neither UTF-8 nor PostgreSQL's jsonb can hold."""
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise Refused("Not saved: the text holds a character that is no character.") from None
    if size > MAX_TEXT:
        raise Refused("Not saved: the text has {size} bytes; at most {limit} are allowed.", size=size, limit=MAX_TEXT)
    if "\0" in text:
        raise Refused("Not saved: the text holds a character that is no character.")
