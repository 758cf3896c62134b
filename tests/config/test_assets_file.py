"""The plant file is checked whole, and a thing has the same id whether its file or its birth came first."""

from uuid import UUID

from console.config.assets_file import read_assets
from console.config.site_files import ASSETS_TEMPLATE
from console.domain import identity
from console.domain.assets import AssetClass, LinkKind

SITE = UUID(int=5)


def read(folder, text):
    (folder / "assets.toml").write_text(text, encoding="utf-8")
    return read_assets(folder, SITE)


def test_a_site_without_the_file_is_an_empty_plant(tmp_path):
    plant, problems = read_assets(tmp_path, SITE)
    assert plant.assets == ()
    assert problems == []


def test_the_template_is_valid_with_its_comments_removed(tmp_path):
    text = "\n".join(line.removeprefix("# ") for line in ASSETS_TEMPLATE.splitlines() if "documented" not in line)
    plant, problems = read(tmp_path, text.replace('b = "PLC-A21"', 'b = "X"') + '\n[[asset]]\nname = "X"\n')
    assert problems == []
    assert plant.assets[0].asset_class is AssetClass.SWITCH
    assert plant.assets[0].level == 2.5
    assert plant.links[0].kind is LinkKind.CONNECTS


def test_the_source_gives_the_id_that_a_birth_would_give(tmp_path):
    plant, problems = read(tmp_path, '[[asset]]\nname = "Press"\nsource = "plant/KAS/PRESS/PLC-P1"\n')
    assert problems == []
    assert plant.assets[0].asset_id == identity.asset_id(SITE, "plant/KAS/PRESS/PLC-P1")


def test_every_mistake_is_named_with_its_place_and_its_remedy(tmp_path):
    _plant, problems = read(
        tmp_path,
        """
[[asset]]
name = "A"
level = 7
parent = "nobody"
[[asset]]
name = "A"
class = "submarine"
[[asset]]
name = "B"
parent = "C"
colour = "red"
[[asset]]
name = "C"
parent = "B"
[[link]]
a = "A"
b = "ghost"
kind = "loves"
[[link]]
a = "B"
b = "B"
""",
    )
    keys = {problem.key for problem in problems}
    assert {
        "asset[0].level",
        "asset[0].parent",
        "asset[1].name",
        "asset[1].class",
        "asset[2].colour",
        "asset[2].parent",
        "asset[3].parent",
        "link[0].b",
        "link[0].kind",
        "link[1].b",
    } <= keys
    assert all(problem.remedy and problem.file == "assets.toml" for problem in problems)


def test_one_source_makes_one_asset(tmp_path):
    text = '[[asset]]\nname = "A"\nsource = "p/g/n"\n[[asset]]\nname = "B"\nsource = "p/g/n"\n'
    assert [problem.key for problem in read(tmp_path, text)[1]] == ["asset[1].source"]


def test_broken_toml_is_a_problem_and_no_crash(tmp_path):
    plant, problems = read(tmp_path, "[[asset]\nname=")
    assert plant.assets == ()
    assert len(problems) == 1
