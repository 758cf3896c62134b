"""What remains of a chain whose beginning lies in an archive proves itself against the last kept head."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from console.services.journal.envelope import BadEvent, RawEvent, check_signature, decode_event
from console.services.journal.keys import FileKey, is_signed_by
from console.services.sync.messages import Head, receipt_bytes
from tests.support.journals import StationJournal, note

EVENTS = 30


def prove(rest: Sequence[RawEvent], head: Head, head_sig: bytes, public_key: bytes) -> None:
    """The head is signed, the rest begins right behind it, every event is whole, signed and names the one before."""
    if not is_signed_by(public_key, head_sig, receipt_bytes(head)):
        raise BadEvent("the head is not signed")
    seq, before = head.seq, head.hash
    for raw in rest:
        event = decode_event(raw)
        check_signature(event, public_key)
        if (event.stream, event.seq, event.prev) != (head.stream, seq + 1, before):
            raise BadEvent("it does not follow")
        seq, before = event.seq, raw.hash


@pytest.mark.proves("INV-27", "INV-3")
def test_wherever_a_chain_is_cut_the_rest_proves_itself_and_no_event_of_it_can_be_changed(tmp_path: Path) -> None:
    async def story() -> tuple[list[RawEvent], StationJournal]:
        journal = await StationJournal(tmp_path / "K1", "K1").start()
        for number in range(EVENTS):
            await journal.act(note(f"{number}"))
        return list(await journal.all_events()), journal

    events, journal = asyncio.run(story())
    journal.close()
    key = FileKey.load_or_create(tmp_path / "K1" / "keys")
    for cut in range(1, len(events)):
        last = decode_event(events[cut - 1])
        head = Head(last.stream, last.seq, events[cut - 1].hash)
        signature = key.sign(receipt_bytes(head))
        rest = events[cut:]
        prove(rest, head, signature, key.public_key)
        for wrong in (rest[1:], [*rest[:-1], rest[0]], rest[::-1]):
            if wrong and wrong != rest:
                with pytest.raises(BadEvent):
                    prove(wrong, head, signature, key.public_key)
        changed = RawEvent(rest[-1].hash, rest[-1].body.replace(b"wall_us", b"wall_uS"), rest[-1].sig)
        with pytest.raises(BadEvent):
            prove([*rest[:-1], changed], head, signature, key.public_key)
        with pytest.raises(BadEvent):
            prove(rest, Head(head.stream, head.seq, bytes(32)), signature, key.public_key)
