"""Transaction groups: what belongs together is shown together or not at all (invariant 10)."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from console.services.journal.event_table import Stored


class Groups:
    """Holds events of a transaction back until all of it is here (invariant 10)."""

    def __init__(self) -> None:
        # By stream as well: nobody completes, or holds back, what another station did.
        self._waiting: dict[tuple[UUID, UUID], list[Stored]] = defaultdict(list)

    def complete(self, arrived: Sequence[Stored]) -> list[Stored]:
        """The events whose groups are whole now; others wait."""
        whole: list[Stored] = []
        for stored in arrived:
            body = stored.event.body
            if body.tx_n <= 1:
                whole.append(stored)
                continue
            key = (body.stream, body.tx_id)
            group = self._waiting[key]
            group.append(stored)
            if len(group) >= body.tx_n:
                whole += sorted(self._waiting.pop(key), key=lambda one: one.event.body.tx_i)
        return whole
