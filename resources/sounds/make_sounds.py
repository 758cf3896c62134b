"""Makes the horn's sounds: run `python resources/sounds/make_sounds.py` after changing the table.

Fundamentals lie in 500-3000 Hz and at least 20 % apart (NUREG-0700, MIL-STD-1472 5.3.3), so that two that sound at
once can be told apart; urgency is carried by pulses per second as well, for ears that hear no pitch. A burst of alarms
rattles at the pitch of the most urgent of them. Each file loops.
"""

import math
import struct
import wave
from dataclasses import dataclass
from pathlib import Path

RATE = 44_100
PEAK = 0.55
RAMP_S = 0.008  # soft edges: a click is no signal


@dataclass(frozen=True)
class Sound:
    """Pulses as (start, length) in seconds within a loop of `period` seconds."""

    name: str
    hertz: float
    pulses: tuple[tuple[float, float], ...]
    period: float


SINGLE = (
    Sound("critical", 1480.0, ((0.0, 0.12), (0.18, 0.12), (0.36, 0.12), (0.54, 0.12)), 0.9),
    Sound("high", 1110.0, ((0.0, 0.16), (0.26, 0.16)), 1.0),
    Sound("medium", 830.0, ((0.0, 0.25),), 1.5),
    Sound("low", 620.0, ((0.0, 0.2),), 3.0),
    Sound("recall", 1850.0, ((0.0, 0.08), (0.2, 0.2)), 5.0),  # what is still unacknowledged
    Sound("link", 2300.0, ((0.0, 0.5), (0.6, 0.1)), 2.0),  # our own link to the plant is lost
)
RATTLE = tuple((n * 0.085, 0.05) for n in range(10))
SOUNDS = (*SINGLE, *(Sound(f"many_{one.name}", one.hertz, RATTLE, one.period + 0.6) for one in SINGLE[:4]))


def samples(sound: Sound) -> list[int]:
    """16-bit mono samples of one loop: a sine with its second and third harmonic, ramped at each pulse."""
    out = [0] * round(sound.period * RATE)
    for start, length in sound.pulses:
        first = round(start * RATE)
        for at in range(round(length * RATE)):
            t = at / RATE
            tone = sum(math.sin(2 * math.pi * sound.hertz * n * t) / n**2 for n in (1, 2, 3)) / 1.2
            ramp = min(1.0, t / RAMP_S, (length - t) / RAMP_S)
            out[first + at] = round(32767 * PEAK * ramp * tone)
    return out


def write(folder: Path) -> None:
    for sound in SOUNDS:
        data = samples(sound)
        with wave.open(str(folder / f"{sound.name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(struct.pack(f"<{len(data)}h", *data))


if __name__ == "__main__":
    write(Path(__file__).parent)
