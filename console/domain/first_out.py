"""Which alarm of a group came first (ISA-18.1 annunciators): one mark per activity of the group, with its own reset."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class FirstOutGroup:
    """Members are numbers of the caller. First is who began first in source time, whoever was told first."""

    first: int | None = None
    _first_us: int = 0
    _is_reset: bool = False
    _listed: set[int] = field(default_factory=set)

    @property
    def members(self) -> frozenset[int]:
        """Who is listed in the present activity."""
        return frozenset(self._listed)

    def begun(self, member: int, start_us: int) -> int | None:
        """An alarm of the group began. Returns the first one (None: the mark was reset in this activity)."""
        is_new = not self._listed
        self._listed.add(member)
        if is_new:
            self._is_reset = False
        if self._is_reset:
            return None
        if is_new or self.first is None or (start_us, member) < (self._first_us, self.first):
            self.first, self._first_us = member, start_us
        return self.first

    def normal(self, member: int) -> None:
        """An alarm of the group has left the list (returned, acknowledged, reset). A mark leaves with its bearer and
        is nobody else's in this activity, which ends with the last member."""
        self._listed.discard(member)
        if member == self.first:
            self.first, self._is_reset = None, True
        if not self._listed:
            self._is_reset = False

    def reset(self) -> None:
        """Take the mark off; nobody gets it before the group was normal again."""
        self.first = None
        self._is_reset = bool(self._listed)
