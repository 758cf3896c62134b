"""The folders of site and consoles: valid for the readers of the program, random, private, and kept."""

import os
from itertools import pairwise
from pathlib import Path

import pytest

from console.app.demo import site_folder
from console.config.alarm_rules import load_alarm_rules
from console.config.assets_file import load_assets
from console.config.derived_file import load_derived
from console.config.private_file import is_private, write_private
from console.config.site_files import load_site, read_topics
from console.config.station_file import load_station
from console.config.users_file import TEST_COST, hasher, load_users
from console.domain.assets import LinkKind
from tests.app.demo.plant import RESOURCES, shipped_plant


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    site_folder.prepare_site(tmp_path / "site", shipped_plant(), RESOURCES, 3)
    site_folder.prepare_people(tmp_path, tmp_path / "site", TEST_COST)
    secret = tmp_path / "secret.txt"
    write_private(secret, "secret")
    for number in (1, 2, 3):
        site_folder.prepare_station(tmp_path / f"station-{number}", number, 1883, 5432, "postgres", secret)
    return tmp_path


def test_every_file_is_read_by_the_program_without_a_problem(demo: Path) -> None:
    site = load_site(demo / "site")
    assert site.name == "Plant Kassel"
    assert [position.stations for position in site.positions] == [("K1", "K2"), ("K3", "K4")]
    assert len(load_alarm_rules(demo / "site")) >= 60
    topics, problems = read_topics(demo / "site")
    assert topics
    assert not problems
    codes = []
    for number in (1, 2, 3):
        station = load_station(demo / f"station-{number}")
        assert station.site == demo / "site"
        assert station.data == demo / f"station-{number}"
        assert station.brokers[0].name == "plant"
        assert station.centre.port == 5432
        assert station.position in {position.position_id for position in site.positions}
        codes.append(station.code)
    assert codes == ["K1", "K2", "K3"]


def test_every_publisher_is_an_asset_with_its_source_level_and_place(demo: Path) -> None:
    assets = load_assets(demo / "site", load_site(demo / "site").site_id)
    sources = {asset.source for asset in assets.assets}
    for node, device in shipped_plant().devices():
        assert f"plant/{node.group}/{node.node}/{device.name}" in sources
    for figure in load_derived(demo / "site"):
        assert f"derived/{figure.path.rpartition('/')[0]}" in sources
    by_id = {asset.asset_id: asset for asset in assets.assets}
    assert all(asset.parent in by_id for asset in assets.assets if asset.name != "Plant Kassel")
    ends = {
        frozenset((by_id[link.a].name, by_id[link.b].name)) for link in assets.links if link.kind is LinkKind.CONNECTS
    }
    path = ["ERP", "FW-DMZ", "SW-CORE-1", "FW-OT", "SW-DIST", "SW-ASSY", "AS-CELL-A", "PLC-A1"]
    for near, far in pairwise(path):
        assert frozenset((near, far)) in ends, (near, far)


def test_a_demo_may_grow_by_consoles_and_keeps_its_site(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site_folder.prepare_site(site, shipped_plant(), RESOURCES, 1)
    first = load_site(site)
    site_folder.prepare_site(site, shipped_plant(), RESOURCES, site_folder.most_stations())
    grown = load_site(site)
    assert grown.site_id == first.site_id
    desks = [code for position in grown.positions for code in position.stations]
    assert desks == [site_folder.station_code(number) for number in range(1, site_folder.most_stations() + 1)]


def test_passwords_are_random_private_and_fit_their_hashes(
    demo: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    passwords = site_folder.read_passwords(demo)
    assert list(passwords) == ["operator", "lead", "engineer", "manager", "admin"]
    assert len(set(passwords.values())) == 5
    assert is_private(demo / "users.txt")
    for user in load_users(demo / "site", TEST_COST):
        assert hasher().verify(user.password_hash, passwords[user.login])
        assert passwords[user.login] not in (demo / "site" / "users.toml").read_text(encoding="utf-8")
    other = tmp_path_factory.mktemp("other")
    site_folder.prepare_site(other / "site", shipped_plant(), RESOURCES, 1)
    site_folder.prepare_people(other, other / "site", TEST_COST)
    assert not set(site_folder.read_passwords(other).values()) & set(passwords.values())


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX; Windows uses icacls")
def test_a_private_file_is_never_readable_by_others(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        write_private(tmp_path / "a", "secret")
    finally:
        os.umask(old)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    (tmp_path / "a").chmod(0o644)
    assert not is_private(tmp_path / "a")
    write_private(tmp_path / "a", "new")
    assert is_private(tmp_path / "a")
    assert (tmp_path / "a").read_text(encoding="utf-8") == "new"


def test_a_second_start_keeps_ids_passwords_and_edits_and_moves_the_ports(demo: Path) -> None:
    station = load_station(demo / "station-1")
    site_id, passwords = load_site(demo / "site").site_id, site_folder.read_passwords(demo)
    rules = demo / "site" / "alarms.toml"
    rules.write_text("version = 1\n", encoding="utf-8")
    file = demo / "station-1" / "station.toml"
    file.write_text(file.read_text(encoding="utf-8").replace('"Console 1"', '"Halle \\"7\\""'), encoding="utf-8")
    site_folder.prepare_site(demo / "site", shipped_plant(), RESOURCES, 3)
    site_folder.prepare_people(demo, demo / "site", TEST_COST)
    site_folder.prepare_station(demo / "station-1", 1, 4711, 0, "", None)
    again = load_station(demo / "station-1")
    assert again.station_id == station.station_id
    assert again.name == 'Halle "7"'
    assert again.brokers[0].port == 4711
    assert again.centre.host == ""
    assert load_site(demo / "site").site_id == site_id
    assert site_folder.read_passwords(demo) == passwords
    assert rules.read_text(encoding="utf-8") == "version = 1\n"
