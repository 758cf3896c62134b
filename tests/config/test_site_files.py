"""Site files: the templates are valid, and mistakes are named."""

from uuid import UUID

from console.config.site_files import SITE_TEMPLATE, TOPICS_TEMPLATE, VERSION, first_site, read_site, read_topics


def test_the_templates_are_valid(tmp_path):
    text = SITE_TEMPLATE.format(site_id=UUID(int=9), name='"Kassel"', tz="Europe/Berlin")
    (tmp_path / "site.toml").write_text(text, encoding="utf-8")
    (tmp_path / "topics.toml").write_text(TOPICS_TEMPLATE, encoding="utf-8")
    site, problems = read_site(tmp_path)
    assert problems == []
    assert site is not None
    assert site.positions[0].position_id == "desk"
    assert read_topics(tmp_path) == ((), [])


def test_an_unknown_time_zone_is_named(tmp_path):
    text = SITE_TEMPLATE.format(site_id=UUID(int=9), name='"Kassel"', tz="Mars/Olympus")
    (tmp_path / "site.toml").write_text(text, encoding="utf-8")
    assert [p.key for p in read_site(tmp_path)[1]] == ["tz"]


def test_wrong_topic_filters_are_named(tmp_path):
    (tmp_path / "topics.toml").write_text(
        '[[map]]\ntopic = "a/#/b"\n[[map]]\ntopic = "a/b+"\n[[map]]\ntopic = "spBv1.0/x"\n[[map]]\ntopic = "a/+/#"\n'
    )
    maps, problems = read_topics(tmp_path)
    assert [p.key for p in problems] == ["map[0].topic", "map[1].topic", "map[2].topic"]
    assert len(maps) == 4


def test_a_new_site_names_its_authority_and_a_site_of_version_1_has_none(tmp_path):
    (tmp_path / "site.toml").write_text(first_site(str(UUID(int=9)), '"Kassel"', "UTC", "ab" * 32), encoding="utf-8")
    site, problems = read_site(tmp_path)
    assert (problems, site.authority) == ([], bytes.fromhex("ab" * 32))
    old = f'version = 1\nid = "{UUID(int=9)}"\nname = "Kassel"\ntz = "UTC"\n'
    (tmp_path / "site.toml").write_text(old, encoding="utf-8")
    site, problems = read_site(tmp_path)
    assert (problems, site.authority) == ([], b"")
    (tmp_path / "site.toml").write_text(old.replace("1", str(VERSION + 1), 1), encoding="utf-8")
    assert [problem.key for problem in read_site(tmp_path)[1]] == ["version"]


def test_an_authority_that_is_no_key_is_named(tmp_path):
    for text in ("zz", "ab", "ab" * 31):
        (tmp_path / "site.toml").write_text(first_site(str(UUID(int=9)), '"K"', "UTC", text), encoding="utf-8")
        assert [problem.key for problem in read_site(tmp_path)[1]] == ["authority"]
