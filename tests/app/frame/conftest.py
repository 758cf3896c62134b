"""Shared by the tests of this folder."""

import pytest

from console.ui.theme import theme
from console.ui.translation import set_language


@pytest.fixture(autouse=True)
def _same_look_after():
    yield
    set_language("en")
    if theme().name != "light":
        theme().use("light")
