"""A process of its own for `leitstand bench history`: many tags appended and sealed; tells its rate and memory."""

import argparse
import json
import tempfile
import time
from pathlib import Path
from uuid import UUID

import numpy as np

from console.app.bench.process_memory import peak_mb
from console.domain.values import ValueType
from console.services.historian.direct_history import DirectHistory
from console.services.historian.samples import SampleBlock, TagInfo

_BEGIN_US = 1_790_000_000_000_000
_EVERY_US = 250_000  # four samples a second of each tag
_PER_TICK = 2


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("tags", type=int)
    parser.add_argument("samples", type=int, help="of each tag")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leitstand-bench-", ignore_cleanup_errors=True) as scratch:
        path = Path(scratch) / "history.db"
        told = measured(path, options.tags, options.samples)
        told["bytes"] = path.stat().st_size
    print(json.dumps(told | {"peak_mb": peak_mb()}))


def measured(path: Path, tags: int, samples: int) -> dict[str, float]:
    """Durable appends of half a second's samples as quickly as they go, sealing as it falls due, then all of it.

    Only the store's time counts, and all of it: one thread appends, sorts, packs and writes.
    """
    history = DirectHistory(path)
    known = [TagInfo(key, UUID(int=key), ValueType.DOUBLE, "", "") for key in range(1, tags + 1)]
    noise = np.random.default_rng(1).standard_normal(4 * tags) * 0.2
    key = np.tile(np.arange(1, tags + 1, dtype=np.uint32), _PER_TICK)
    good = np.zeros(key.size, np.uint8)
    took = longest = 0.0
    for tick in range(samples // _PER_TICK):
        at_us = _BEGIN_US + (tick * _PER_TICK + np.repeat(np.arange(_PER_TICK), tags)) * _EVERY_US
        start = tick * 97 % (noise.size - key.size)
        value = np.round(noise[start : start + key.size] + 50 + key % 50, 2)
        block = SampleBlock(key, at_us.astype(np.int64), value, good)
        begun = time.perf_counter()
        history.append([block], known if not tick else [])
        appended = time.perf_counter()
        history.compact(int(at_us[-1]))
        took += time.perf_counter() - begun
        longest = max(longest, appended - begun)
    begun = time.perf_counter()
    history.compact(_BEGIN_US + samples * _EVERY_US, is_all=True)
    history.close()
    took += time.perf_counter() - begun
    return {"samples": samples // _PER_TICK * key.size, "seconds": took, "longest_ms": longest * 1e3}


if __name__ == "__main__":
    main()
