"""Records that replace each other by key."""

from console.services.keyed_records import KeyedRecords


def test_only_what_changed_is_given_once():
    records = KeyedRecords(lambda record: record[0])
    records.put(("a", 1))
    records.put(("b", 1))
    assert records.take_changed() == (("a", 1), ("b", 1))
    records.put(("a", 1))
    records.put(("b", 2))
    records.put(("b", 3))
    assert records.take_changed() == (("b", 3),)
    assert records.take_changed() == ()
    assert records.all() == (("a", 1), ("b", 3))
    assert len(records) == 2
