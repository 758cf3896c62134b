"""A history that was made up: hourly values of tags, told in any whole number of hours, as the historian would."""

import math
from collections.abc import Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from console.services.history_records import AggregateColumns

HOUR_US = 3_600_000_000
NAN = float("nan")


class FakeHistory:
    """`put` one value per hour (nan: nothing known): mean, bounds and last of its hour unless said otherwise."""

    def __init__(self) -> None:
        self._values: dict[UUID, dict[int, tuple[float, float, float]]] = {}
        self.asked: list[tuple[tuple[UUID, ...], int, int, int]] = []

    def put(self, tag_id: UUID, starts_us: Sequence[int], values: Sequence[float], spread: float = 0.0) -> None:
        """`spread`: how far minimum and maximum lie from the mean."""
        mine = self._values.setdefault(tag_id, {})
        for at_us, value in zip(starts_us, values, strict=True):
            if math.isfinite(value):
                mine[at_us // HOUR_US] = (value - spread, value, value + spread)

    def shift(self, by_us: int) -> None:
        """The whole past happened later by whole hours."""
        self._values = {
            tag_id: {hour + by_us // HOUR_US: value for hour, value in mine.items()}
            for tag_id, mine in self._values.items()
        }

    async def periods(
        self, tag_ids: tuple[UUID, ...], from_us: int, to_us: int, width_us: int
    ) -> tuple[AggregateColumns, ...]:
        self.asked.append((tag_ids, from_us, to_us, width_us))
        return tuple(self._one(tag_id, from_us, to_us, width_us) for tag_id in tag_ids)

    def _one(self, tag_id: UUID, from_us: int, to_us: int, width_us: int) -> AggregateColumns:
        mine = self._values.get(tag_id, {})
        starts = np.arange(from_us, to_us, width_us, dtype=np.int64)
        n = len(starts)
        columns: dict[str, NDArray[np.float64]] = {
            name: np.full(n, NAN) for name in ("low", "high", "first", "last", "mean")
        }
        good = np.zeros(n)
        for k, start in enumerate(starts.tolist()):
            hours = range(-(-start // HOUR_US), -(-min(start + width_us, to_us) // HOUR_US))
            held = [mine[hour] for hour in hours if hour in mine]
            if held:
                columns["low"][k], columns["high"][k] = min(h[0] for h in held), max(h[2] for h in held)
                columns["first"][k], columns["last"][k] = held[0][1], held[-1][1]
                columns["mean"][k] = sum(h[1] for h in held) / len(held)
                good[k] = 3600.0 * len(held)
        ends = np.minimum(starts + width_us, to_us)
        nothing, zeros, ones = np.full(n, NAN), np.zeros(n, np.int64), np.ones(n, bool)
        return AggregateColumns(
            tag_id=tag_id, from_us=starts, to_us=ends, count=(good > 0).astype(np.int64), untrusted=zeros,
            sample_mean=columns["mean"], deviation=nothing, deviation_by_time=nothing,
            integral=columns["mean"] * good, good_s=good, bad_s=np.zeros(n),
            unknown_s=(ends - starts) / 1e6 - good, is_exact=ones, is_whole=ones, **columns,
        )  # fmt: skip
