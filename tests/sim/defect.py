"""What a seeded defect is, and how the product's parts are swapped for it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from tests.sim import world

Patch = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Defect:
    """`put` gives a context manager; `prepare` sets a switch of the world where the product has no such road."""

    name: str
    put: Patch
    signal: str = ""
    prepare: Callable[[world.World], None] | None = None
    themes: tuple[str, ...] = ()  # faults that a schedule must have to meet it


def swap(where: Any, name: str, new: Any) -> Patch:
    return lambda: patch.object(where, name, new)


@contextmanager
def nothing() -> Iterator[None]:
    yield
