"""Who wants to know what happens to alarm rows: flags, ownership, patterns."""

from collections.abc import Sequence
from uuid import UUID


class RowWatcher:
    """Who wants to know what happens to rows; told before anything sounds."""

    def opened(self, row: int, condition_id: UUID) -> None:
        """A condition has its row from now on."""

    def begun(self, row: int, now_us: int) -> None:
        """Another occurrence is on the row."""

    def taken_over(self, row: int, now_us: int) -> None:
        """The newest occurrence is over, and an older one that nobody acknowledged has the row again."""

    def annunciated(self, row: int, now_us: int) -> None:
        """The row asks for attention: raised, risen or again, and not hidden."""

    def returned(self, row: int, now_us: int) -> None:
        """The condition returned to normal."""

    def begun_all(self, rows: Sequence[int], now_us: int) -> None:
        """`begun` for many rows of a burst, none of them hidden; so for the other two."""
        for row in rows:
            self.begun(row, now_us)

    def annunciated_all(self, rows: Sequence[int], now_us: int) -> None:
        for row in rows:
            self.annunciated(row, now_us)

    def returned_all(self, rows: Sequence[int], now_us: int) -> None:
        for row in rows:
            self.returned(row, now_us)
