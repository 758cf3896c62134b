"""Whether a journal that was just opened may be continued: start mark, anchor and fingerprint, before any write."""

import logging
from collections.abc import Callable
from pathlib import Path

from console.services.journal.own_stream import own_head
from console.services.journal.store import EventStore
from console.services.storage.anchor import AnchorMark, why_new_stream
from console.services.storage.machine_identity import fingerprint
from console.services.storage.start_mark import StartMark

_FINGERPRINT = "fingerprint"
log = logging.getLogger(__name__)


def start_doubt(
    journal: Path, public_key: bytes, anchor: AnchorMark | None, mark: StartMark | None
) -> Callable[[EventStore], str]:
    """The function for `JournalLog.open(doubt)`: why a new stream has to be opened, empty when none has.

    It runs in the writer's thread and transaction, and notes today's fingerprint in the same one: a copied folder is
    told once, then it is a station's folder like any other. Raises OSError when the file cannot be looked at.
    """
    now = fingerprint(journal, public_key)

    def doubt(store: EventStore) -> str:
        then = store.meta(_FINGERPRINT) or ""
        if then != now:
            store.set_meta(_FINGERPRINT, now)
        if mark is not None:
            return mark.why.value
        tip = own_head(store)
        head = AnchorMark(tip.stream, tip.seq, tip.hash) if tip is not None else None
        why = why_new_stream(head, anchor, then, now, lambda told: store.place_of(told.hash) == (told.stream, told.seq))
        if why:
            log.warning("a new stream is opened: %s", why)
        return why

    return doubt
