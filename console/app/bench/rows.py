"""One measured number, with what it was measured beside and the goal it has to hold."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class BenchRow:
    """`bench` and `case` name it; `beside` is the peer of the same run and `ratio` is value / beside_value.

    `goal` is text such as "<= 50 ms"; `holds` is None where there is no goal.
    """

    bench: str
    case: str
    value: float
    unit: str
    beside: str = ""
    beside_value: float | None = None
    ratio: float | None = None
    goal: str = ""
    holds: bool | None = None

    def as_json(self) -> str:
        """One line of JSON; numbers as measured."""
        return json.dumps(asdict(self), ensure_ascii=False)
