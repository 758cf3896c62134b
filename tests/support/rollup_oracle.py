"""Rollups by brute force in plain Python: what every column of a bucket is, sample by sample, in exact fractions."""

import math
from dataclasses import dataclass, field
from fractions import Fraction

Sample = tuple[int, float, int]  # stamp us, value, quality


@dataclass
class Bucket:
    numbers: list[float] = field(default_factory=list)
    untrusted: int = 0
    integral: Fraction = Fraction(0)
    good_us: int = 0
    bad_us: int = 0
    tail: float = math.nan
    tail_quality: int = 5

    @property
    def sum(self) -> Fraction:
        return sum(map(Fraction, self.numbers), Fraction(0))

    @property
    def sum_sq(self) -> Fraction:
        return sum((Fraction(number) ** 2 for number in self.numbers), Fraction(0))


def is_number(sample: Sample) -> bool:
    return math.isfinite(sample[1]) and sample[2] <= 1


def buckets(samples: list[Sample], width_us: int, before: Sample | None, until_us: int) -> dict[int, Bucket]:
    """Every bucket in which something is known up to `until_us`, those without a sample among them."""
    ordered = sorted(samples, key=lambda sample: sample[0])
    found: dict[int, Bucket] = {}
    for sample in ordered:
        bucket = found.setdefault(sample[0] // width_us, Bucket())
        if is_number(sample):
            bucket.numbers.append(sample[1])
        else:
            bucket.untrusted += 1
    holding = ([before] if before is not None else []) + ordered
    for number, sample in enumerate(holding):
        end = holding[number + 1][0] if number + 1 < len(holding) else until_us
        at = sample[0]
        while at < end:
            k = at // width_us
            upto = min(end, (k + 1) * width_us)
            bucket = found.setdefault(k, Bucket())
            if is_number(sample):
                bucket.good_us += upto - at
                bucket.integral += Fraction(sample[1]) * (upto - at) / 1_000_000
            else:
                bucket.bad_us += upto - at
            at = upto
    for sample in holding:  # the tail: what stands at the end of each bucket
        for k, bucket in found.items():
            if sample[0] // width_us <= k:
                bucket.tail, bucket.tail_quality = sample[1], sample[2]
    return found
