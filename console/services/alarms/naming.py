"""How a new occurrence is named and told beside the one before it, when their clock stands still or went back.

Clocks of controllers may be as coarse as a second, limits are edited over values that stand, PCs are set back. What
begins then is another occurrence all the same: with a name of its own, and annunciated where no acknowledgement of
the one before reaches. While time goes on, the sample's own stamp is both.
"""

from collections.abc import Callable
from dataclasses import replace

from console.domain.alarm_step import Alarm, Trigger

SET_BACK_US = 2_000_000  # samples and turns read the same clock a moment apart
_COARSE_US = 24 * 3600 * 1_000_000  # a value may stand so long under rules that change


def told_after(last: Alarm, trigger: Trigger, beyond_us: Callable[[Alarm], int], *, is_set_back: bool) -> Trigger:
    """The trigger of what begins after `last`. `beyond_us`: later than whatever acknowledges that one.

    `is_set_back`: this PC's clock stands before a time at which it was seen, so that what was acknowledged lies ahead.
    """
    start_us = trigger.at_us if trigger.start_us is None else trigger.start_us
    told_us = start_us if trigger.annunciated_us is None else max(start_us, trigger.annunciated_us)
    # it got worse and ended, or just ended, by this very stamp: who acknowledged may have seen as far as that
    shares = told_us in (last.annunciated_us, last.returned_us)
    if not last.start_us or (told_us > last.annunciated_us and not shares and not is_set_back):
        return trigger
    if trigger.start_us is None and (shares or 0 <= last.start_us - told_us < _COARSE_US):
        start_us = max(last.start_us, last.annunciated_us, last.returned_us if shares else 0) + 1
    return replace(trigger, start_us=start_us, annunciated_us=max(told_us, start_us, beyond_us(last)))
