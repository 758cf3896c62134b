"""Records that replace each other by key, and which of them changed: links, node sessions, troubles."""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

R = TypeVar("R")


class KeyedRecords(Generic[R]):
    """`put` replaces the record of the same key; `take_changed` gives what changed since its last call."""

    def __init__(self, key: Callable[[R], Hashable]) -> None:
        self._key = key
        self._records: dict[Hashable, R] = {}
        self._changed: dict[Hashable, R] = {}

    def put(self, record: R) -> None:
        key = self._key(record)
        if self._records.get(key) != record:
            self._records[key] = record
            self._changed[key] = record

    def all(self) -> tuple[R, ...]:
        return tuple(self._records.values())

    def get(self, key: Hashable) -> R | None:
        return self._records.get(key)

    def take_changed(self) -> tuple[R, ...]:
        changed, self._changed = self._changed, {}
        return tuple(changed.values())

    def __len__(self) -> int:
        return len(self._records)
