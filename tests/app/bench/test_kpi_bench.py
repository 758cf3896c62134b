"""The bench of the alarm performance page measures what it says, beside fetching the same rows in the same run."""

from console.app.bench import kpi


def test_the_quick_run_tells_both_looks_beside_fetching_the_rows() -> None:
    first, again = tuple(kpi.run(quick=True))
    for row in (first, again):
        assert "99,999 rows" in row.case
        assert row.beside_value
        assert row.ratio is not None
        assert abs(row.ratio - row.value / row.beside_value) < 0.02
        assert row.holds is None, "the goal is for a million rows"
