"""The bench of the history measures what it says: right answers, beside peers, with goals that can be missed."""

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from console.app.bench import history, peers
from console.app.bench.history_data import DAY_S, Plant, stamps, values
from console.app.bench.history_peers import DuckPeer, NumpyScan, SqliteRows
from console.app.bench.history_store import PenStore, asking, is_right
from console.app.bench.process_memory import peak_mb

PLANT = Plant(pens=2, days=3, row_days=1)


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    path = tmp_path_factory.mktemp("history") / "history.db"
    store = PenStore(path)
    for pen in range(PLANT.pens):
        store.add(pen, stamps(PLANT, pen), values(PLANT, pen))
    store.seal(PLANT.end_us)
    return path


def asked(path, seconds):
    async def ask():
        with asking(path, PLANT) as desk:
            return await desk.ask(seconds, PLANT.pens)

    return asyncio.run(ask())


def test_the_answers_that_are_timed_are_what_brute_force_finds(plant):
    for seconds in (*PLANT.windows().values(), 300):
        answers = asked(plant, seconds)
        assert len(answers) == PLANT.pens
        for pen, answer in enumerate(answers):
            at, value = stamps(PLANT, pen), values(PLANT, pen)
            assert 0 < answer.time_us.size <= 2_000
            assert is_right(answer, at, value)
            touched = value.copy()
            touched[np.searchsorted(at, answer.time_us[-1])] += 1e3
            assert answer.is_raw or not is_right(answer, at, touched)
            wrong = replace(answer, low=answer.low - 0.01)
            assert not is_right(wrong, at, value)


def test_every_peer_finds_as_many_buckets_in_the_same_samples(tmp_path):
    scan, rows = NumpyScan(PLANT), SqliteRows(tmp_path / "rows.db")
    for pen in range(PLANT.pens):
        scan.add(stamps(PLANT, pen), values(PLANT, pen))
    rows.add(stamps(PLANT, 0), values(PLANT, 0))
    assert scan.by_bucket(DAY_S) == scan.by_figure(DAY_S) == 2_000 * PLANT.pens
    assert 2_000 <= rows.ask(PLANT, DAY_S) <= 2_010  # 43 s each, not all of the 43.2 s
    rows.close()


def test_duckdb_is_asked_the_same(tmp_path):
    duck = DuckPeer(pytest.importorskip("duckdb"), tmp_path / "peer.duckdb")
    for pen in range(PLANT.pens):
        duck.add(pen, stamps(PLANT, pen), values(PLANT, pen))
    duck.seal()
    assert duck.ask(PLANT, DAY_S) >= 2_000 * PLANT.pens
    duck.close()


def test_a_missing_peer_is_told_with_the_way_to_install_it(capsys):
    assert peers.peer("no_such_package_of_ours", "the rows beside it are missing") is None
    told = capsys.readouterr().err
    assert "the rows beside it are missing" in told
    assert "pip install --require-hashes -r lock/bench.txt" in told


def test_the_bench_tells_goals_ratios_and_the_memory_of_a_process_of_its_own(monkeypatch):
    small = history.Case(PLANT, history.Goals(1e-9, 1e-9, 1e-9, 100, 1, 1e6), 2, 40, 100)
    monkeypatch.setattr(history, "QUICK", small)
    told = list(history.run(quick=True))
    by_case = {row.case: row for row in told if row.beside != "DuckDB"}
    drawn = [row for row in told if row.beside.startswith("numpy")]
    assert [row.holds for row in drawn] == [True, False, False], "a window in 1 ns misses its goal"
    for row in drawn:
        assert row.ratio == pytest.approx(row.value / row.beside_value, rel=0.1)
    assert any("SQLite rows" in row.beside and row.unit == "ms" for row in told)
    rate = by_case["40 tags, 4,000 samples appended and sealed"]
    assert rate.holds and rate.value > 0
    assert 20 < by_case["40 tags, 4,000 samples appended and sealed: memory"].value < 1_000


def test_the_memory_of_a_process_does_not_count_who_started_it():
    ballast = np.ones(30_000_000)  # 240 MB
    code = "from console.app.bench.process_memory import peak_mb; print(peak_mb())"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ))
    assert json.loads(out.stdout) < 150
    assert peak_mb() > ballast.nbytes / 1e6
