"""Acknowledging exactly what was seen, taking that back, commenting: asked first where it is much or must be said."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from PySide6.QtWidgets import QWidget

from console.domain.commands import AcknowledgeAlarms, CommentAlarm
from console.domain.merge_commands import UnacknowledgeAlarms
from console.domain.refusal import Refused
from console.services.station import Receipt, Station
from console.ui.dialogs import Field, Question, ask
from console.ui.signing import do
from console.ui.translation import tr, tr_n
from console.views.alarms.seen import Seen, listed, names_of
from console.widgets.asking import ask_until_done

PAGE_LIMIT = 100
ASK_ABOVE = 10  # more than these at once: are you sure, with the critical ones by name (alarms.md 6, 40)

Say = Callable[[str], None]


async def acknowledge(station: Station, alarms: Sequence[Seen], parent: QWidget, say: Say) -> None:
    """Those that are owed; how many were left out is told. Raises Refused, also when nothing is owed."""
    owed = [seen for seen in alarms if seen.is_owed]
    if not owed:
        raise Refused("There is nothing to acknowledge here")
    if len(owed) > ASK_ABOVE and not _needs_word(owed) and not await _agrees(owed, parent):
        return
    await _acknowledge(station, owed, parent, say, already=len(alarms) - len(owed))


async def acknowledge_page(station: Station, alarms: Sequence[Seen], parent: QWidget, say: Say) -> None:
    """Ask first, critical alarms by name; acknowledges what was on screen when asked, however long the answer takes."""
    shown = [seen for seen in alarms if seen.is_owed][:PAGE_LIMIT]
    if not shown:
        raise Refused("No alarm in sight is unacknowledged")
    n = len(shown)
    title = tr_n("Acknowledge {n} alarm in sight?", "Acknowledge {n} alarms in sight?", n)
    if _needs_word(shown) or await _agrees(shown, parent, title):
        await _acknowledge(station, shown, parent, say)


def _needs_word(alarms: Sequence[Seen]) -> bool:
    return any(seen.condition.needs_comment or seen.condition.needs_signature for seen in alarms)


async def _agrees(alarms: Sequence[Seen], parent: QWidget, title: str = "") -> bool:
    n = len(alarms)
    question = Question(
        title or tr_n("Acknowledge {n} alarm?", "Acknowledge {n} alarms?", n),
        "\n".join(listed(alarms)),
        accept=tr_n("Acknowledge {n} alarm", "Acknowledge {n} alarms", n),
        has_default=False,
    )
    return await ask(question, parent) is not None


async def _acknowledge(station: Station, owed: Sequence[Seen], parent: QWidget, say: Say, *, already: int = 0) -> None:
    occurrences = tuple(seen.occurrence for seen in owed)
    receipts: list[Receipt | None] = []

    async def submit(comment: str) -> None:
        signs = any(seen.condition.needs_signature for seen in owed)
        receipts.append(await do(station, AcknowledgeAlarms(occurrences, comment, signs=signs), parent))

    if any(seen.condition.needs_comment for seen in owed):
        await _with_comment(owed, submit, parent)
    else:
        await submit("")
    done = [one for one in receipts if one is not None]
    left_out = already + sum(len(one.skipped) for one in done)
    if done and left_out:
        say(
            tr_n(
                "{n} alarm was acknowledged already and is left out.",
                "{n} alarms were acknowledged already and are left out.",
                left_out,
            )
        )


async def _with_comment(owed: Sequence[Seen], submit: Callable[[str], Awaitable[None]], parent: QWidget) -> None:
    n = len(owed)
    asking = [seen for seen in owed if seen.condition.needs_comment]
    question = Question(
        tr_n("Acknowledge {n} alarm?", "Acknowledge {n} alarms?", n),
        "\n".join(listed(owed)),
        (Field("comment", tr("Comment"), "lines", required=True),),
        tr_n("Acknowledge {n} alarm", "Acknowledge {n} alarms", n),
        hints=(tr("Nobody acknowledges these without a word: {names}", names=", ".join(names_of(asking, 3))),),
        has_default=n <= 1,
    )
    await ask_until_done(question, lambda answers: submit(answers["comment"]), parent)


async def unacknowledge(station: Station, alarms: Sequence[Seen], parent: QWidget) -> None:
    """Ask first: from then on they count as unacknowledged for everybody, and their horn may sound again."""
    shown = [seen for seen in alarms if seen.is_acknowledged][:PAGE_LIMIT]
    if not shown:
        raise Refused("None of the selected alarms is acknowledged")
    n = len(shown)
    question = Question(
        tr_n("Take the acknowledgement of {n} alarm back?", "Take the acknowledgement of {n} alarms back?", n),
        "\n".join(names_of(shown)),
        (Field("comment", tr("Comment"), "lines"),),
        tr_n("Take back for {n} alarm", "Take back for {n} alarms", n),
        hints=(tr("Unacknowledged again at every console. Who had acknowledged stays written down."),),
    )

    async def act(answers: Mapping[str, str]) -> None:
        await station.submit(UnacknowledgeAlarms(tuple(seen.occurrence for seen in shown), answers["comment"]))

    await ask_until_done(question, act, parent)


async def comment(station: Station, alarms: Sequence[Seen], parent: QWidget) -> None:
    """One comment for all of them, each its own entry."""
    if not alarms:
        raise Refused("Select an alarm first")

    async def act(answers: Mapping[str, str]) -> None:
        for seen in alarms:
            await station.submit(CommentAlarm(seen.occurrence, answers["text"]))

    about = alarms[0].name if len(alarms) == 1 else tr_n("{n} alarm", "{n} alarms", len(alarms))
    fields = (Field("text", tr("Comment"), "lines", required=True),)
    await ask_until_done(Question(tr("Comment"), about, fields, tr("Keep comment")), act, parent)
