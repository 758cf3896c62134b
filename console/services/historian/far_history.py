"""Other stations' history, as far as this one can ask for it: the seam between the history desk and the centre."""

from collections.abc import Callable
from typing import Protocol, TypeVar
from uuid import UUID

from console.services.historian.timeline import Past

T = TypeVar("T")


class FarHistory(Protocol):
    """Implemented by the central history of the composition root."""

    @property
    def is_reachable(self) -> bool: ...

    async def read(self, question: Callable[[Callable[[UUID], Past]], T]) -> T:
        """Run `question(past_of_a_tag)` where the centre is asked; cancel the awaiting task to give it up. Raises
        Refused when the centre cannot be reached."""
        ...
