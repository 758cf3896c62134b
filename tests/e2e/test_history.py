"""History of a real station: what a plant says is kept, gaps where nobody could know, and nothing twice."""

from pathlib import Path
from uuid import UUID

import numpy as np

from console.domain.quality import Quality
from console.services.historian.history_read import read_raw
from console.services.historian.store import known_tags
from console.services.historian.text_codes import texts_of
from console.services.storage.database import reader_engine
from tests.support.broker import running_broker
from tests.support.console_process import ConsoleProcess
from tests.support.edge import M, SparkplugEdge, now_ms
from tests.support.story_site import Broker, make_site, make_station
from tests.support.waiting import until

EVER = (-(1 << 62), 1 << 62)
Row = tuple[int, float | None, int]


def history(folder: Path, tag_id: UUID) -> list[Row]:
    """(ms, value, quality) of a tag, read beside the running station."""
    path = folder / "history.db"
    if not path.exists():
        return []
    engine = reader_engine(path)
    try:
        with engine.connect() as connection, connection.begin():
            key = next((tag.key for tag in known_tags(connection) if tag.tag_id == tag_id), None)
            if key is None:
                return []
            block = read_raw(connection, key, *EVER)
            texts = texts_of(connection, key)
    finally:
        engine.dispose()
    values = [None if np.isnan(value) else texts.get(int(value), value) if texts else value for value in block.value]
    return list(zip((block.at_us // 1000).tolist(), values, block.quality.tolist(), strict=True))


def good(rows: list[Row]) -> list[tuple[int, float | None]]:
    return [(at, value) for at, value, quality in rows if quality == Quality.GOOD]


def test_a_station_keeps_what_it_hears_over_a_cut_cable_and_a_power_cut(tmp_path: Path) -> None:
    with running_broker() as broker:
        folder = make_station(make_site(tmp_path), "one", "K1", (Broker("plant", broker.port),))
        console = ConsoleProcess("serve", folder).start()
        try:
            began = now_ms()
            edge = SparkplugEdge(broker.port)
            edge.birth([M("Temperature", 20.0, ms=began), M("Mode", "RUN", 12, ms=began), M("Count", 2**60 + 1, 4)])
            until(lambda: "plant/line1/Temperature" in console.tags(), what="the tag is known")
            temperature = UUID(console.tags()["plant/line1/Temperature"]["id"])
            mode = UUID(console.tags()["plant/line1/Mode"]["id"])
            said = [(began, 20.0)]
            for step in range(1, 6):
                said.append((began + step, 20.0 + step))
                edge.data([M("Temperature", 20.0 + step, ms=began + step)])
            until(lambda: good(history(folder, temperature)) == said, what="everything is kept")

            broker.kill()
            edge.die()
            until(lambda: console.link()["state"] != "live", what="the cut is seen")
            cut = until(lambda: [row for row in history(folder, temperature) if row[2] == Quality.BLIND], what="a gap")
            assert [value for _, value, _ in cut] == [None]

            broker.start()
            until(lambda: console.link()["state"] == "live", what="the link is back")
            back = now_ms()
            edge = SparkplugEdge(broker.port, bd_seq=1)  # nothing changed meanwhile: it tells its last value again
            edge.birth([M("Temperature", 25.0, ms=began + 5), M("Mode", "STOP", 12, ms=back)])
            resumed = until(lambda: [row for row in good(history(folder, temperature)) if row[0] >= back])
            assert [value for _, value in resumed] == [25.0]
            assert good(history(folder, temperature))[:6] == said

            edge.data([M("Temperature", 30.0, ms=now_ms())])
            until(lambda: good(history(folder, temperature))[-1][1] == 30.0)
            kept = history(folder, temperature)
            console.kill()
            console.start()
            until(lambda: console.link()["state"] == "live", what="the station is back")
            edge.birth([M("Temperature", 30.0, ms=good(kept)[-1][0]), M("Mode", "STOP", 12, ms=back)])
            until(lambda: len(good(history(folder, temperature))) > len(good(kept)), what="it goes on")
            rows = history(folder, temperature)
            assert rows[: len(kept)] == kept
            assert len(set(rows)) == len(rows), "nothing twice"
            gap = [row for row in rows[len(kept) :] if row[2] != Quality.GOOD]
            assert gap, "the time in which nobody looked is a gap"
            assert kept[-1][0] <= gap[0][0] <= rows[-1][0]
            assert rows[-1][1] == 30.0
            assert [value for _, value in good(history(folder, mode))] == ["RUN", "STOP", "STOP"]
            edge.close()
        finally:
            console.end()
