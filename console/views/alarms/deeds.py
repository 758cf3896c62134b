"""Acknowledging exactly what was seen, taking that back, commenting: asked first where it is much or must be said."""

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QWidget

from console.domain.commands import CommentAlarm
from console.domain.merge_commands import UnacknowledgeAlarms
from console.domain.refusal import Refused
from console.services.station import Station
from console.ui import acknowledging
from console.ui.acknowledging import Say, names_of
from console.ui.asking import ask_until_done
from console.ui.dialogs import Field, Question
from console.ui.translation import tr, tr_n
from console.views.alarms.seen import Seen

PAGE_LIMIT = 100


async def acknowledge(station: Station, alarms: Sequence[Seen], parent: QWidget, say: Say) -> None:
    """Those that are owed; how many were left out is told. Raises Refused, also when nothing is owed."""
    owed = [seen for seen in alarms if seen.is_owed]
    if not owed:
        raise Refused("There is nothing to acknowledge here")
    await acknowledging.acknowledge(station, owed, parent, say, already=len(alarms) - len(owed))


async def acknowledge_page(station: Station, alarms: Sequence[Seen], parent: QWidget, say: Say) -> None:
    """Ask first, critical alarms by name; acknowledges what was on screen when asked, however long the answer takes."""
    shown = [seen for seen in alarms if seen.is_owed][:PAGE_LIMIT]
    if not shown:
        raise Refused("No alarm in sight is unacknowledged")
    title = tr_n("Acknowledge {n} alarm in sight?", "Acknowledge {n} alarms in sight?", len(shown))
    await acknowledging.acknowledge(station, shown, parent, say, ask_above=0, title=title)


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
