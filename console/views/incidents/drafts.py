"""Drafts stay with whoever began them, when another person takes the desk over."""

from console.services.records import SessionRecord
from console.widgets.incident_form import IncidentForm

Begun = tuple[dict[str, str], IncidentForm | None]  # notes by incident, and the form of a new one


class DraftsOfOthers:
    """What others who sat here had begun. What was there before anybody sat here is the first one's."""

    def __init__(self) -> None:
        self._author = ""  # user id
        self._aside: dict[str, Begun] = {}

    def take_over(self, session: SessionRecord | None, begun: Begun) -> Begun | None:
        """What the person of this session had begun, when he is another one; else None, and nothing changes."""
        if session is None or session.user_id == self._author:
            return None
        before, self._author = self._author, session.user_id
        if not before:
            return None
        self._aside[before] = begun
        return self._aside.pop(session.user_id, ({}, None))
