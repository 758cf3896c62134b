"""Says how each neighbour is, once per change, for the status strip and the Sync view."""

from collections.abc import Iterable
from uuid import UUID

from console.services.records import LinkRecord, PeerRecord, PeerState
from console.services.sync.neighbour_peer import FULL_CLOCK_S, TWIN, Peer
from console.services.sync.neighbour_voice import Ears

CLOCK = "its clock differs by more than 5 minutes"


class Board:
    """`own` is this station's id: who speaks under it is another console."""

    def __init__(self, ears: Ears, own: UUID) -> None:
        self._ears = ears
        self._own = own
        self._links: dict[str, LinkRecord] = {}

    def show(self, peers: Iterable[Peer], link: tuple[str, str], now_s: float, now_us: int) -> None:
        """`link` is (state, detail) of our own connection to the broker."""
        for peer in peers:
            state, detail = peer.state(now_s, *link)
            old = peer.record
            if old is None or old.state != state:
                peer.since_us = now_us
                if state in (PeerState.LOST, PeerState.OFF) and old is not None:
                    self._ears.now(peer.station, None)
            record = self._record(peer, state, self._detail(peer, state, detail), now_s)
            if record != old:
                peer.record = record
                self._ears.peer(record)
            told = LinkRecord(peer.link_name, state, peer.since_us, None, peer.waiting, record.detail)
            if self._links.get(told.name) != told:
                self._links[told.name] = told
                self._ears.link(told)

    def _detail(self, peer: Peer, state: str, detail: str) -> str:
        if peer.station == self._own:
            return TWIN
        is_off = peer.offset_s is not None and abs(peer.offset_s) > FULL_CLOCK_S
        return CLOCK if state == PeerState.LIVE and is_off else detail

    @staticmethod
    def _record(peer: Peer, state: str, detail: str, now_s: float) -> PeerRecord:
        is_late = state != PeerState.LIVE and peer.answered_s > float("-inf")
        return PeerRecord(
            peer.link_name,
            state,
            peer.since_us,
            peer.station,
            peer.shown,
            float(round(now_s - peer.answered_s)) if is_late else None,
            None if peer.offset_s is None else round(peer.offset_s, 1),
            peer.waiting,
            peer.missing,
            detail,
        )
