"""The station's beat goes on whatever fails in it."""

import asyncio

from console.services.pulse import Pulse


def test_turns_and_beats_come_and_stop():
    async def story():
        done = asyncio.Event()
        counts = {"turn": 0, "beat": 0}

        def turn():
            counts["turn"] += 1
            return counts["turn"] % 2 == 0

        def beat():
            counts["beat"] += 1
            if counts["beat"] == 2:
                done.set()

        pulse = Pulse(turn, beat, lambda text: None)
        pulse.start()
        await asyncio.wait_for(done.wait(), 5)
        pulse.stop()
        seen = dict(counts)
        await asyncio.sleep(0)
        return seen, counts

    seen, after = asyncio.run(story())
    assert seen["turn"] > 3
    assert seen == after


def test_a_defect_is_told_once_and_the_beat_goes_on(log_lines):
    log_lines.expect("the station's turn failed")

    async def story():
        done = asyncio.Event()
        told, beats = [], []

        def turn():
            raise ValueError("broken")

        def beat():
            beats.append(1)
            if len(beats) == 2:
                done.set()

        pulse = Pulse(turn, beat, told.append)
        pulse.start()
        await asyncio.wait_for(done.wait(), 5)
        pulse.stop()
        return told

    assert asyncio.run(story()) == ["turn: ValueError: broken"]
