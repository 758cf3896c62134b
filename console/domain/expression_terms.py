"""What an expression is made of when it runs: terms of value and trust, three-valued, without exceptions.

Truth is 1.0 and 0.0, as in the columns of the tag store. A value of None is unknown; it is neither true nor false,
and its quality says why. `false and unknown` is false, `true or unknown` is true (Kleene); everything else that meets
an unknown is unknown.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from console.domain.quality import Quality

Value = float | str | None
Term = tuple[Value, int]  # value and Quality
UNKNOWN: Term = (None, int(Quality.UNKNOWN))
_BAD = int(Quality.BAD)
_GOOD = int(Quality.GOOD)


class Inputs(Protocol):
    """What an expression reads, by the numbers of its `references` and `windows`."""

    def tag(self, reference: int) -> Term:
        """The tag's value; None unless its quality is good or uncertain."""
        ...

    def age_s(self, reference: int) -> float | None:
        """Seconds from the tag's newest source time to the newest of all references; None when never seen."""
        ...

    def window(self, window: int) -> Term:
        """What a window function says now."""
        ...


Run = Callable[[Inputs], Term]


def constant(value: float | str) -> Run:
    term: Term = (value, _GOOD)
    return lambda _inputs: term


def reference(index: int) -> Run:
    return lambda inputs: inputs.tag(index)


def window(index: int) -> Run:
    return lambda inputs: inputs.window(index)


def quality_word(index: int) -> Run:
    """The quality's name in small letters; known whatever it is."""
    return lambda inputs: (Quality(inputs.tag(index)[1]).name.lower(), _GOOD)


def age(index: int) -> Run:
    def run(inputs: Inputs) -> Term:
        seconds = inputs.age_s(index)
        return UNKNOWN if seconds is None else (seconds, _GOOD)

    return run


def numeric(function: Callable[..., float], parts: Sequence[Run]) -> Run:
    """A function of numbers: unknown when a part is, bad when it has no finite result (division by zero, sqrt(-1))."""

    def run(inputs: Inputs) -> Term:
        numbers: list[float] = []
        worst = _GOOD
        for part in parts:
            value, quality = part(inputs)
            if value is None:
                return None, max(quality, worst, _BAD)
            worst = max(worst, quality)
            if isinstance(value, str):
                return None, max(worst, _BAD)
            numbers.append(value)
        try:
            result = float(function(*numbers))
        except (ArithmeticError, ValueError):
            return None, max(worst, _BAD)
        return (result, worst) if math.isfinite(result) else (None, max(worst, _BAD))

    return run


def chain(first: Run, rest: Sequence[tuple[Callable[[float, float], float], Run]]) -> Run:
    """`a + b - c` from left to right; a long sum is no deep tree."""

    def run(inputs: Inputs) -> Term:
        term = first(inputs)
        for function, part in rest:
            term = _two(function, term, part(inputs))
        return term

    return run


def compare(function: Callable[[Any, Any], bool], left: Run, right: Run) -> Run:
    """Numbers with numbers, texts with texts; anything else is unknown."""

    def run(inputs: Inputs) -> Term:
        (a, qa), (b, qb) = left(inputs), right(inputs)
        worst = max(qa, qb)
        if a is None or b is None or isinstance(a, str) is not isinstance(b, str):
            return None, max(worst, _BAD)
        return float(function(a, b)), worst

    return run


def all_of(parts: Sequence[Run]) -> Run:
    return _decided(parts, 0.0)


def any_of(parts: Sequence[Run]) -> Run:
    return _decided(parts, 1.0)


def negation(part: Run) -> Run:
    def run(inputs: Inputs) -> Term:
        value, quality = _truth(part(inputs))
        return (None, quality) if value is None else (float(value == 0.0), quality)

    return run


def choice(condition: Run, yes: Run, no: Run) -> Run:
    """Only the part that is chosen counts, its trust included: `if(quality('a') = "good", 'a', 'b')`."""

    def run(inputs: Inputs) -> Term:
        decided, quality = _truth(condition(inputs))
        if decided is None:
            return None, quality
        value, of_value = (yes if decided else no)(inputs)
        return value, max(quality, of_value)

    return run


def _decided(parts: Sequence[Run], deciding: float) -> Run:
    """`and` (deciding 0) and `or` (deciding 1): the best trusted deciding part settles it, else all must be known."""

    def run(inputs: Inputs) -> Term:
        settled: int | None = None
        unknown: int | None = None
        worst = _GOOD
        for part in parts:
            value, quality = _truth(part(inputs))
            if value is None:
                unknown = quality if unknown is None else max(unknown, quality)
            elif value == deciding:
                settled = quality if settled is None else min(settled, quality)
            worst = max(worst, quality)
        if settled is not None:
            return deciding, settled
        return (None, max(worst, unknown)) if unknown is not None else (1.0 - deciding, worst)

    return run


def _truth(term: Term) -> Term:
    value, quality = term
    if value is None or isinstance(value, str):
        return None, max(quality, _BAD)
    return float(value != 0.0), quality


def _two(function: Callable[[float, float], float], left: Term, right: Term) -> Term:
    (a, qa), (b, qb) = left, right
    worst = max(qa, qb)
    if a is None or b is None or isinstance(a, str) or isinstance(b, str):
        return None, max(worst, _BAD)
    try:
        result = function(a, b)
    except ArithmeticError:
        return None, max(worst, _BAD)
    return (result, worst) if math.isfinite(result) else (None, max(worst, _BAD))
