"""Record numbers that people read out and type: a label with a check character, never an identity.

`INC-<site short>-<station code><incarnation letter>-<YYMMDD>-<n><check>`; the check character is ISO 7064 mod 37,36,
which finds every single wrong character and every swap of neighbours.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUE = {character: value for value, character in enumerate(_ALPHABET)}
_SPELLED = str.maketrans({"Ä": "AE", "Ö": "OE", "Ü": "UE", "ẞ": "SS"})


def check_character(text: str) -> str:
    """The ISO 7064 mod 37,36 check character over the letters and digits of `text`; other characters do not count.

    Raises ValueError when a letter is none of A-Z (any case).
    """
    p = 36
    for character in _counted(text):
        p = (p + _VALUE[character]) % 36 or 36
        p = p * 2 % 37
    return _ALPHABET[(37 - p) % 36]


def is_valid(number: str) -> bool:
    """True when the last character is the check character of what stands before it."""
    try:
        counted = _counted(number)
    except ValueError:
        return False
    return len(counted) > 1 and check_character(counted[:-1]) == counted[-1]


def site_short(name: str) -> str:
    """Up to four letters or digits of a site's name for its numbers; the last word says most ("Plant Kassel": KASS)."""
    words = ("".join(filter(_VALUE.__contains__, word)) for word in name.upper().translate(_SPELLED).split())
    return next((word[:4] for word in reversed(tuple(words)) if word), "SITE")


@dataclass(frozen=True, slots=True)
class NumberSeries:
    """The numbers that one incarnation of a station gives in one day of the site's calendar."""

    site: str
    station_code: str
    incarnation: str
    day: str  # YYMMDD

    @classmethod
    def at(cls, now_us: int, site: str, station_code: str, incarnation: str, zone: tzinfo = UTC) -> "NumberSeries":
        """The series of the day that `now_us` (UTC) falls on in `zone`."""
        day = datetime.fromtimestamp(now_us // 1_000_000, zone).strftime("%y%m%d")
        return cls(site, station_code.upper(), incarnation.upper(), day)

    @property
    def prefix(self) -> str:
        return f"INC-{self.site}-{self.station_code}{self.incarnation}-{self.day}-"

    def number(self, n: int) -> str:
        """The n-th number (from 1)."""
        bare = f"{self.prefix}{n}"
        return bare + check_character(bare)

    def place_of(self, number: str) -> int:
        """The n of a number of this series, 0 for any other text."""
        digits = number.removeprefix(self.prefix)[:-1]
        if not number.startswith(self.prefix) or not digits.isascii() or not digits.isdigit():
            return 0
        return int(digits) if is_valid(number) else 0


def _counted(text: str) -> str:
    counted = "".join(character for character in text.upper() if character.isalnum())
    if not all(character in _VALUE for character in counted):
        raise ValueError("only A-Z and 0-9 have a check character")
    return counted
