"""Cards never overlap, stay in their band, and the same plant always gives the same picture."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from console.models.topology_layout import CARD_H, CARD_W, layered

plants = st.integers(0, 60).flatmap(
    lambda n: st.tuples(
        st.lists(st.integers(0, 4), min_size=n, max_size=n),
        st.lists(st.tuples(st.integers(0, max(n - 1, 0)), st.integers(0, max(n - 1, 0))), max_size=80 if n else 0),
    )
)


def laid(band, links):
    return layered(np.array(band, np.int64), np.array(links, np.int64).reshape(-1, 2), 5)


@settings(max_examples=80, deadline=None)
@given(plants)
def test_cards_do_not_overlap_and_stand_in_their_band(plant):
    band, links = plant
    layout = laid(band, links)
    x, y = layout.place[:, 0], layout.place[:, 1]
    near = (np.abs(x[:, None] - x) < CARD_W) & (np.abs(y[:, None] - y) < CARD_H)
    np.fill_diagonal(near, False)
    assert not near.any()
    for k, (top, height) in enumerate(layout.bands):
        inside = y[np.array(band, np.int64) == k] if band else y
        assert ((inside >= top) & (inside + CARD_H <= top + height)).all()
    if band:
        assert x.min() >= 0
        assert (x + CARD_W).max() <= layout.width


@settings(max_examples=30, deadline=None)
@given(plants)
def test_the_same_plant_gives_the_same_picture(plant):
    assert np.array_equal(laid(*plant).place, laid(*plant).place)


def test_links_that_cross_are_uncrossed():
    band = [0] * 6 + [1] * 6
    links = [(k, 11 - k) for k in range(6)]
    layout = laid(band, links)
    x = layout.place[:, 0]
    assert all(x[a] == x[b] for a, b in links)


def test_a_wide_level_wraps_into_rows():
    layout = laid([0] + [1] * 200, [(0, k) for k in range(1, 201)])
    assert len(np.unique(layout.place[1:, 1])) > 3
    assert layout.width < 40 * CARD_W
