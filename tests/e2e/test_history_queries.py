"""`leitstand query history` asks a running and a stopped station the same and is told the same."""

import json
from pathlib import Path
from typing import Any

from console.app.row_values import iso
from tests.support.broker import running_broker
from tests.support.console_process import ConsoleProcess, leitstand
from tests.support.edge import M, SparkplugEdge, now_ms
from tests.support.story_site import Broker, make_site, make_station
from tests.support.waiting import until

HOUR_MS = 3_600_000
Row = dict[str, Any]
TEMPERATURE, PUMP, MODE = "plant/line1/Temperature", "plant/line1/Pump", "plant/line1/Mode"


def told(console: ConsoleProcess, tag: str, window: tuple[int, int], form: str, **more: Any) -> list[Row]:
    """What a running station answers."""
    from_us, to_us = (ms * 1000 for ms in window)
    return console.query("history", tag=tag, from_us=from_us, to_us=to_us, **{"as": form}, **more)


def test_yesterday_is_told_as_samples_figures_states_and_percentiles(tmp_path: Path) -> None:
    yesterday = now_ms() // HOUR_MS * HOUR_MS - 30 * HOUR_MS
    window = yesterday, yesterday + 4 * HOUR_MS
    with running_broker() as broker:
        folder = make_station(make_site(tmp_path), "one", "K1", (Broker("plant", broker.port),))
        console = ConsoleProcess("serve", folder).start()
        try:
            edge = SparkplugEdge(broker.port)
            now = now_ms()
            edge.birth([M("Temperature", 50.0, ms=now), M("Pump", True, 11, ms=now), M("Mode", "RUN", 12, ms=now)])
            until(lambda: MODE in console.tags(), what="the tags are known")
            past = [(k, yesterday + k * HOUR_MS // 4) for k in range(16)]  # kept on the edge while the cable was cut
            edge.data([M("Temperature", 20.0 + k, ms=ms, historical=True) for k, ms in past])
            edge.data([M("Pump", k >= 4, 11, ms=ms, historical=True) for k, ms in past])
            edge.data([M("Mode", "HEAT" if k < 12 else "HOLD", 12, ms=ms, historical=True) for k, ms in past])
            until(lambda: len(told(console, MODE, window, "samples")) == 16, what="all arrived")
            trend = told(console, TEMPERATURE, window, "trend")
            coarse = told(console, TEMPERATURE, window, "trend", buckets=4)
            (whole,) = told(console, TEMPERATURE, window, "figures")
            hours = told(console, TEMPERATURE, window, "figures", period="hour")
            percentiles = told(console, TEMPERATURE, window, "percentiles", percentiles="50,100")
            pump, mode = told(console, PUMP, window, "states"), told(console, MODE, window, "states")
            samples = told(console, MODE, window, "samples")
            edge.close()
        finally:
            console.end()
    assert [row["last"] for row in trend] == [20.0 + k for k in range(16)]
    assert len(coarse) <= 4
    assert (coarse[0]["low"], coarse[-1]["high"]) == (20.0, 35.0)
    assert (whole["count"], whole["mean"], whole["good_share"]) == (16, 27.5, 1.0)
    assert [row["count"] for row in hours] == [4, 4, 4, 4]
    assert [row["mean"] for row in hours] == [21.5, 25.5, 29.5, 33.5]
    assert [(row["percentile"], row["value"], row["of"]) for row in percentiles] == [
        (50.0, 27.0, "samples"),
        (100.0, 35.0, "samples"),
    ]
    assert [(row["state"], row["seconds"], row["entered"]) for row in pump] == [(True, 10_800.0, 1), (False, 3600.0, 0)]
    assert [(row["state"], row["share"]) for row in mode] == [("HEAT", 0.75), ("HOLD", 0.25)]
    assert samples[-1]["value"] == "HOLD"
    stopped = ("--from", str(iso(window[0] * 1000)), "--to", str(iso(window[1] * 1000)), "--json", "--data", folder)
    done = leitstand("query", "history", TEMPERATURE, "--as", "figures", "--period", "hour", *stopped)
    assert [json.loads(line) for line in done.stdout.splitlines()] == hours, done.stderr
