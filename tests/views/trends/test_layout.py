"""A trend's remembered layout: what is written is read again, older forms are understood, nonsense is left out."""

import json
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from console.models.trend_pens import PenLook, PlotLook
from console.views.trends.layout import (
    PenLayout,
    RememberedPen,
    look_from_json,
    look_to_json,
    pens_from_json,
    pens_to_json,
)
from console.views.trends.navigation import Look

S = 1_000_000
ranges = st.one_of(st.none(), st.tuples(st.floats(0.5, 10), st.floats(11, 1e6)))
pens = st.builds(
    RememberedPen,
    st.uuids(),
    st.integers(-1, 2),
    st.builds(PenLook, st.integers(-1, 7), st.sampled_from([1, 2]), st.booleans(), st.booleans(), ranges),
)
plots = st.builds(PlotLook, st.one_of(st.just(0.0), st.floats(0.1, 50)), st.booleans(), ranges)


@given(st.lists(pens, max_size=32, unique_by=lambda pen: pen.tag_id), st.lists(plots, min_size=3, max_size=8))
def test_what_is_remembered_comes_back_as_it_was(some_pens, some_plots):
    layout = PenLayout(tuple(some_pens), tuple(some_plots))
    assert pens_from_json(json.loads(json.dumps(pens_to_json(layout)))) == layout


def test_the_first_form_was_a_list_of_tags_and_a_length_of_time():
    one, two = uuid4(), uuid4()
    old = {"pens": [str(one), "nonsense", 5, str(two), str(one)], "span_us": 3600 * S, "splitter": [800, 170]}
    assert pens_from_json(old) == PenLayout((RememberedPen(one), RememberedPen(two)))
    assert look_from_json(old, Look(60 * S)) == Look(3600 * S)


def test_a_look_back_stays_one_and_a_live_look_stays_live():
    for look in (Look(3600 * S, 1_780_000_000 * S, False), Look(900 * S)):
        assert look_from_json(json.loads(json.dumps(look_to_json(look))), Look(60 * S)) == look


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
parts = st.fixed_dictionaries(
    {},
    optional={
        "tag": st.one_of(st.just(str(UUID(int=3))), anything),
        "plot": anything,
        "colour": anything,
        "width": anything,
        "range": st.one_of(anything, st.lists(st.floats(), min_size=2, max_size=2)),
        "weight": anything,
        "log": anything,
    },
)


@given(st.lists(st.one_of(anything, parts)), st.lists(st.one_of(anything, parts)), anything, anything)
def test_a_damaged_layout_never_stops_a_view(some_pens, some_plots, span, end):
    state = {"pens": some_pens, "plots": some_plots, "span_us": span, "end_us": end}
    layout = pens_from_json(state)
    assert len(layout.pens) <= 32
    assert all(-1 <= pen.plot < len(layout.plots) and -1 <= pen.look.colour < 8 for pen in layout.pens)
    assert all(plot.y_range is None or plot.y_range[0] < plot.y_range[1] for plot in layout.plots)
    assert look_from_json(state, Look(60 * S)).span_us > 0
    assert pens_from_json({"pens": span, "plots": end}).pens == ()
