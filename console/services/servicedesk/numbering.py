"""The next number of a record: one behind the highest of this station's series today."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import tzinfo

from console.domain.numbers import NumberSeries


@dataclass(frozen=True, slots=True)
class Numbering:
    """`incarnation` gives the letter of the journal's stream; `zone` is the site's, whose midnight begins anew."""

    site_short: str
    station_code: str
    incarnation: Callable[[], str]
    zone: tzinfo

    def next(self, now_us: int, given: Iterable[str]) -> str:
        """`given` are all numbers known here, of any station and day."""
        series = NumberSeries.at(now_us, self.site_short, self.station_code, self.incarnation(), self.zone)
        return series.number(1 + max(map(series.place_of, given), default=0))
