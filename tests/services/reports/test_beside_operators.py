"""A long export at the operators' door: no acknowledgement waits for it, and it ends when nobody wants it any more."""

import asyncio

import pytest

from console.domain.audit_commands import ExportAudit
from console.domain.commands import AcknowledgeAlarms
from console.domain.refusal import Refused
from console.services.acts import Act
from console.services.journal.entries import Actor
from console.services.station import Receipt
from tests.support.desk import Desk


class Slow:
    def __init__(self) -> None:
        self.was_cancelled = False
        self.actor: Actor | None = None

    async def __call__(self, _command: ExportAudit, actor: Actor) -> Receipt:
        self.actor = actor
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        raise AssertionError


@pytest.mark.proves("SEC-44")
def test_an_acknowledgement_does_not_wait_for_an_export_and_cancelling_reaches_it() -> None:
    async def story(desk: Desk) -> None:
        slow = Slow()
        desk.operations.extend({ExportAudit: Act(slow, is_long=True)})
        await desk.signed_on("olga")
        export = asyncio.ensure_future(desk.operations.submit(ExportAudit("/tmp/audit.csv")))
        await asyncio.sleep(0)
        assert slow.actor is not None and slow.actor.user_id == "id-olga"
        occurrence = desk.alarms.raise_alarm(1, 5)
        receipt = await asyncio.wait_for(desk.operations.submit(AcknowledgeAlarms((occurrence,))), 5)
        assert receipt.hashes
        assert not export.done()
        export.cancel()
        with pytest.raises(asyncio.CancelledError):
            await export
        assert slow.was_cancelled

    with Desk() as desk:
        asyncio.run(story(desk))


@pytest.mark.proves("SEC-11")
def test_nobody_exports_without_signing_on() -> None:
    async def story(desk: Desk) -> None:
        desk.operations.extend({ExportAudit: Act(Slow(), is_long=True)})
        with pytest.raises(Refused, match="Sign on"):
            await desk.operations.submit(ExportAudit("/tmp/audit.csv"))

    with Desk() as desk:
        asyncio.run(story(desk))
