"""How long samples are kept and how finely: retention classes, deadbands, and which of them a tag has by its path."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from itertools import pairwise
from math import isfinite

RAW = 0  # the level of the samples themselves
LEVELS_S = (10, 100, 1_000, 10_000)  # widths of the rollups' buckets
STANDARD_NAME = "standard"
_YEAR = 365.25


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """How long tags of this class keep their samples and each rollup; `budget_mb` 0: as much as the disk has."""

    name: str
    raw_days: float = 30.0
    rollup_days: tuple[float, ...] = (90.0, _YEAR, 5 * _YEAR, 10 * _YEAR)  # one for each of LEVELS_S
    budget_mb: float = 0.0

    def days_of(self, level_s: int) -> float:
        """How long a level is kept, RAW for the samples."""
        return self.raw_days if level_s == RAW else self.rollup_days[LEVELS_S.index(level_s)]


@dataclass(frozen=True, slots=True)
class Band:
    """By how much a value may differ and still count as the same: absolute, or in percent of the stored value."""

    width: float = 0.0
    is_percent: bool = False

    def around(self, value: float) -> float:
        """Half-width at this stored value; percent of zero is zero: what leaves zero is stored."""
        return abs(value) * self.width / 100 if self.is_percent else self.width

    @property
    def is_open(self) -> bool:
        """False for the band of width zero, which holds nothing back."""
        return self.width > 0


@dataclass(frozen=True, slots=True)
class TagHistory:
    """How one tag is recorded.

    `exception` holds a sample back while it differs by no more from the last stored one: the value rebuilt by holding
    is off by no more. `compression` (swinging door) holds it back while a straight line still goes through all of them:
    rebuilt by straight lines it is off by no more than that (and twice the exception band where there is one too);
    averages over time, which hold values, are those of the stored points. At the latest after `max_interval_s` one is
    stored, which also bounds what a power cut takes of what is held back.
    """

    retention_class: str = STANDARD_NAME
    exception: Band = Band()
    compression: Band = Band()
    max_interval_s: float = 60.0
    is_central: bool = False  # its samples, not only its rollups, go to the centre
    is_recorded: bool = True

    @property
    def has_deadband(self) -> bool:
        return self.exception.is_open or self.compression.is_open


@dataclass(frozen=True, slots=True)
class TagRule:
    """The tags that a pattern names (`group/node/device/metric`, `*` crosses slashes, case counts)."""

    pattern: str
    history: TagHistory


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """What `site/history.toml` says. The first rule whose pattern names a tag decides; others have the default."""

    classes: tuple[RetentionClass, ...] = (RetentionClass(STANDARD_NAME),)
    rules: tuple[TagRule, ...] = ()
    revision: str = ""  # hash of what was applied, for logs and the other stations
    _compiled: list[re.Pattern[str]] = field(default_factory=list, compare=False, repr=False)

    def class_of(self, name: str) -> RetentionClass:
        """The standard class for a name that is not known (any more): nothing is lost by a renamed class."""
        standard = next((one for one in self.classes if one.name == STANDARD_NAME), RetentionClass(STANDARD_NAME))
        return next((one for one in self.classes if one.name == name), standard)

    def history_of(self, path: str) -> TagHistory:
        """`path` without the broker."""
        if len(self._compiled) != len(self.rules):
            self._compiled[:] = [re.compile(translate(rule.pattern)) for rule in self.rules]
        for rule, pattern in zip(self.rules, self._compiled, strict=True):
            if pattern.match(path):
                return rule.history
        return _USUAL


_USUAL = TagHistory()


def order_of_loss(classes: Sequence[RetentionClass]) -> tuple[tuple[str, int], ...]:
    """Which (class, level) gives way first when there is no room: samples of the class that keeps them longest, then
    those of the next, then the finest rollups in the same order, the coarsest last. So a year stays a year."""
    found: list[tuple[str, int]] = []
    for level_s in (RAW, *LEVELS_S):
        generous = sorted(classes, key=lambda one: (-one.days_of(level_s), one.name))
        found += [(one.name, level_s) for one in generous]
    return tuple(found)


def is_sound(days: Sequence[float]) -> bool:
    """Finite, above zero, and no coarser level shorter than a finer one."""
    return all(isfinite(one) and one > 0 for one in days) and all(fine <= coarse for fine, coarse in pairwise(days))
