"""The real widget shows what was measured: its pixels beside a polyline through every sample, drawn by QPainter."""

import numpy as np
import pytest

from console.app.bench.trend_fidelity import SPAN_US, Signal, measure, signals
from console.widgets.trend_plot import TrendPlot

NAMES = ["noise", "steps", "spikes", "gaps", "lone samples between gaps"]


@pytest.fixture
def plot(qtbot):
    widget = TrendPlot()
    qtbot.addWidget(widget)
    widget.resize(700, 360)
    widget.show()
    return widget


@pytest.mark.parametrize("thickness", [1, 2])
@pytest.mark.parametrize("name", NAMES)
def test_no_pixel_of_the_measured_curve_is_lost_and_none_is_invented(plot, name, thickness):
    (signal,) = (made for made in signals(30_000) if made.name == name)
    found = measure(plot, signal, thickness)
    assert found.lit > 1000
    assert (found.lost, found.invented) == (0, 0)


@pytest.mark.parametrize("name", NAMES)
def test_few_samples_make_the_same_steps_as_the_raw_polyline(plot, name):
    (signal,) = (made for made in signals(2_000, seed=8) if made.name == name)
    found = measure(plot, signal)
    assert (found.lost, found.invented) == (0, 0)


def test_values_on_both_sides_of_a_gap_are_not_joined_though_one_column_holds_them_all(plot):
    middle = SPAN_US // 2
    times = np.array([10, middle, middle + 1, middle + 2, middle + 3, SPAN_US - 10])
    values = np.array([-30.0, np.nan, 0.0, np.nan, 30.0, 30.0])
    found = measure(plot, Signal("crossing", times, values))
    assert (found.lost, found.invented) == (0, 0)
    assert found.lit < 900


def test_the_measure_itself_sees_a_lost_spike_and_an_invented_line(plot):
    flat = np.zeros(5_000)
    spiky = flat.copy()
    spiky[1234] = 35.0
    times = np.sort(np.random.default_rng(1).integers(1, SPAN_US - 1, flat.size))
    level, spike = Signal("level", times, flat), Signal("spike", times, spiky)
    assert measure(plot, spike, given=level).lost > 50
    assert measure(plot, level, given=spike).invented > 50
