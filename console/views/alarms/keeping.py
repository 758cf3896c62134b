"""Out of service and back, reset of latched alarms, and who has it: asked where words are due, the rest at once."""

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QWidget

from console.domain.alarm_commands import (
    LeaveAlarms,
    ResetAlarms,
    ResetFirstOut,
    ReturnToService,
    TakeAlarms,
    TakeOutOfService,
)
from console.domain.alarm_flags import AlarmFlag
from console.domain.alarms import AlarmState
from console.domain.refusal import Refused
from console.services.station import Station
from console.ui.acknowledging import Say, listed
from console.ui.asking import ask_until_done
from console.ui.dialogs import Field, Question
from console.ui.translation import tr, tr_n
from console.views.alarms.seen import Seen


async def take_out_of_service(station: Station, alarms: Sequence[Seen], parent: QWidget) -> None:
    """For maintenance, with a reason and a work order."""
    inside = [seen for seen in alarms if not seen.flags & AlarmFlag.OUT_OF_SERVICE]
    if not inside:
        raise Refused("Select an alarm first" if not alarms else "All of them are out of service already")
    n = len(inside)
    question = Question(
        tr_n("Take {n} alarm out of service?", "Take {n} alarms out of service?", n),
        "\n".join(listed(inside)),
        (
            Field("reason", tr("Reason"), "lines", required=True),
            Field("order", tr("Work order"), max_length=80),
        ),
        tr_n("Take {n} alarm out of service", "Take {n} alarms out of service", n),
        width=560,
        hints=(tr("Without an end of its own: it stays silent until somebody returns it to service."),),
        has_default=n <= 1,
    )

    async def act(answers: Mapping[str, str]) -> None:
        conditions = tuple(seen.occurrence.condition_id for seen in inside)
        await station.submit(TakeOutOfService(conditions, answers["reason"].strip(), answers["order"].strip()))

    await ask_until_done(question, act, parent)


async def return_to_service(station: Station, alarms: Sequence[Seen], parent: QWidget) -> None:
    """What is active then stands in the list unacknowledged, and sounds."""
    outside = [seen for seen in alarms if seen.flags & AlarmFlag.OUT_OF_SERVICE]
    if not outside:
        raise Refused("None of the selected alarms is out of service")
    n = len(outside)
    question = Question(
        tr_n("Return {n} alarm to service?", "Return {n} alarms to service?", n),
        "\n".join(listed(outside)),
        (Field("reason", tr("Comment"), "lines"),),
        tr_n("Return {n} alarm to service", "Return {n} alarms to service", n),
        hints=(tr("What is active then stands in the list unacknowledged, and sounds."),),
        has_default=n <= 1,
    )

    async def act(answers: Mapping[str, str]) -> None:
        conditions = tuple(seen.occurrence.condition_id for seen in outside)
        await station.submit(ReturnToService(conditions, answers["reason"].strip()))

    await ask_until_done(question, act, parent)


async def reset(station: Station, alarms: Sequence[Seen], say: Say) -> None:
    """Those that wait for it; the others are told. Raises Refused when none does."""
    waiting = [seen for seen in alarms if seen.state == AlarmState.LATCHED_ACKNOWLEDGED]
    if not waiting:
        raise Refused("None of the selected alarms waits for its reset: it has to return and be acknowledged first")
    await station.submit(ResetAlarms(tuple(seen.occurrence for seen in waiting)))
    others = len(alarms) - len(waiting)
    if others:
        say(tr_n("{n} alarm does not wait for a reset and is left out.",
                 "{n} alarms do not wait for a reset and are left out.", others))  # fmt: skip


async def reset_first_out(station: Station, alarms: Sequence[Seen]) -> None:
    """Of those that bear the mark. Raises Refused when none does."""
    marked = [seen for seen in alarms if seen.flags & AlarmFlag.FIRST_OUT]
    if not marked:
        raise Refused("None of the selected alarms is marked as the first of its group")
    await station.submit(ResetFirstOut(tuple(seen.occurrence for seen in marked)))


async def take(station: Station, alarms: Sequence[Seen]) -> None:
    """ "I have it"; acknowledges nothing."""
    if not alarms:
        raise Refused("Select an alarm first")
    await station.submit(TakeAlarms(tuple(seen.occurrence for seen in alarms)))


async def leave(station: Station, alarms: Sequence[Seen]) -> None:
    """Nobody works on them any more."""
    owned = [seen for seen in alarms if seen.flags & AlarmFlag.OWNED]
    if not owned:
        raise Refused("Nobody has any of the selected alarms")
    await station.submit(LeaveAlarms(tuple(seen.occurrence for seen in owned)))
