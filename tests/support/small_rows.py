"""The historian's store with rows so small that a hundred samples fill, split and merge all of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

_SMALL = {
    "console.services.historian.tail.SPREAD_AT": 40,
    "console.services.historian.tail.SPREAD_ROWS": 4,
    "console.services.historian.tail.ROW_MOST": 16,
    "console.services.historian.chunks.FULL": 8,
    "console.services.historian.chunks.MOST": 16,
    "console.services.historian.chunks.OWN": 4,
    "console.services.historian.rollup_rows.FULL": 6,
    "console.services.historian.tag_sealing.YOUNG_MOST": (6, 4, 3, 2),
}


@contextmanager
def small_rows() -> Iterator[None]:
    """Within it every limit is small."""
    patches = [patch(name, value) for name, value in _SMALL.items()]
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()
