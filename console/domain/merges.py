"""Incidents that people found to be one: sets that only grow together, each with its smallest id as root."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

Link = tuple[UUID, int]  # an alarm's occurrence: condition, start


class Merges:
    """Union-find over incident ids. Any order and repetition of `join` gives the same sets and roots."""

    __slots__ = ("_members", "_parent")

    def __init__(self, pairs: Iterable[tuple[UUID, UUID]] = ()) -> None:
        self._parent: dict[UUID, UUID] = {}
        self._members: dict[UUID, set[UUID]] = {}  # of each root
        for one, other in pairs:
            self.join(one, other)

    def join(self, one: UUID, other: UUID) -> bool:
        """Both and all that hang on them are one from now on; False when they are already."""
        low, high = sorted((self.root(one), self.root(other)))
        if low == high:
            return False
        self._parent[high] = low
        self._members[low] = self._members.get(low, {low}) | self._members.pop(high, {high})
        return True

    def root(self, incident_id: UUID) -> UUID:
        """The smallest id of its set; itself when it was never merged."""
        found = incident_id
        while (above := self._parent.get(found, found)) != found:
            found = above
        while (above := self._parent.get(incident_id, incident_id)) != found:  # shorten the way for the next call
            self._parent[incident_id] = found
            incident_id = above
        return found

    def members(self, incident_id: UUID) -> tuple[UUID, ...]:
        """Its whole set, root first; only itself when it was never merged."""
        return tuple(sorted(self._members.get(self.root(incident_id), {incident_id})))


def merge_suggestions(links: Mapping[UUID, Iterable[Link]], merges: Merges) -> dict[UUID, tuple[UUID, ...]]:
    """Which of these incidents may be the same: they share an alarm's occurrence and nobody has merged them yet.

    `links` are those of the open incidents. Both sides name each other; nothing is merged by itself (section 6).
    """
    about: dict[Link, list[UUID]] = defaultdict(list)
    for incident_id, occurrences in links.items():
        for occurrence in set(occurrences):
            about[occurrence].append(incident_id)
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for sharing in about.values():
        for one in sharing:
            found[one].update(other for other in sharing if merges.root(other) != merges.root(one))
    return {one: tuple(sorted(others)) for one, others in found.items() if others}
