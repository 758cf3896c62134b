"""Where an alarm's asset belongs: its documented name and area, before the plant model brings more."""

from collections.abc import Callable
from uuid import UUID

Places = Callable[[UUID], tuple[str, str]]  # asset id -> (name, area), empty texts when nobody described it


def unplaced(_asset_id: UUID) -> tuple[str, str]:
    """A plant without a model: the conditions fall back to Sparkplug group and node."""
    return "", ""
