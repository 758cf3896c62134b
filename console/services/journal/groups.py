"""Transaction groups: what belongs together is shown together or not at all (invariant 10)."""

from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

from console.services.journal.event_table import Stored

_Group = tuple[UUID, UUID]  # by stream as well: nobody completes, or holds back, what another station did
_KEPT = 1000  # groups shown lately: a fork may continue the middle of one


class Groups:
    """Holds events of a transaction back until all of it is here (invariant 10).

    A group is a piece of the chain from its first event to its last, each named by the next: so what is shown does
    not depend on the order of arrival, not even where a station gave two groups the same id.
    """

    def __init__(self) -> None:
        self._known: dict[_Group, dict[bytes, Stored]] = {}  # of groups that are not whole: by hash
        self._shown: OrderedDict[_Group, dict[bytes, Stored]] = OrderedDict()  # whole ones, lately

    def complete(self, arrived: Sequence[Stored]) -> list[Stored]:
        """The events whose groups are whole now; others wait."""
        whole: list[Stored] = []
        for stored in arrived:
            body = stored.event.body
            if body.tx_n <= 1:
                whole.append(stored)
            else:
                whole += self._take((body.stream, body.tx_id), stored)
        return whole

    def _take(self, key: _Group, stored: Stored) -> list[Stored]:
        known, shown = self._known.setdefault(key, {}), self._shown.get(key, {})
        known[stored.event.raw.hash] = stored
        if len(known) + len(shown) < stored.event.body.tx_n:
            return []
        fresh = _whole({**shown, **known}, known)
        for one in fresh:
            shown[one.event.raw.hash] = known.pop(one.event.raw.hash)
        if not known:
            del self._known[key]
        if fresh:
            self._shown[key] = shown
            self._shown.move_to_end(key)
            while len(self._shown) > _KEPT:
                self._shown.popitem(last=False)
        return fresh


def _whole(group: dict[bytes, Stored], waiting: dict[bytes, Stored]) -> list[Stored]:
    """Those that wait and lie on a chain from a first to a last event, in its order."""
    found: dict[bytes, Stored] = {}
    for last in group.values():
        if last.event.body.tx_i != last.event.body.tx_n - 1:
            continue
        chain, step = [last], last
        while step.event.body.tx_i > 0 and step.event.prev in group:
            step = group[step.event.prev]
            chain.append(step)
        if step.event.body.tx_i == 0 and len(chain) == last.event.body.tx_n:
            found.update((one.event.raw.hash, one) for one in reversed(chain) if one.event.raw.hash in waiting)
    return list(found.values())
