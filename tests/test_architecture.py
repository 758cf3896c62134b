"""ARCHITECTURE.md shows the tree as it is on disk."""

from tests.support.architecture_tree import shown, tree


def test_the_tree_in_the_page_is_the_tree_on_disk():
    assert shown() == tree(), "write it anew: python -m tests.support.architecture_tree"
