"""How times and numbers read in rows of `leitstand query`: as JSON has them, without rounding anything away."""

import math
from datetime import UTC, datetime

from console.domain.values import ValueType


def iso(at_us: int) -> str | None:
    """UTC with microseconds and Z; None for never."""
    if at_us <= 0:
        return None
    seconds, rest = divmod(at_us, 1_000_000)
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:06d}Z"
    except (ValueError, OverflowError, OSError):
        return None


def plain_number(value: float, value_type: ValueType, exact: str = "") -> float | int | bool:
    """`exact` is how an integer beyond 2**53 reads: a float has lost its last digits."""
    if value_type is ValueType.BOOLEAN:
        return bool(value)
    if exact and value_type < ValueType.FLOAT:
        return int(exact)
    return int(value) if value.is_integer() and abs(value) < 2**53 and value_type < ValueType.FLOAT else value


def finite(value: float) -> float | None:
    """None where there is no number: JSON knows neither nan nor infinity."""
    return float(value) if math.isfinite(value) else None
