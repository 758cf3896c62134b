"""What the files of the site say, read and checked before anything is opened."""

from dataclasses import dataclass, field
from pathlib import Path

from console.config.alarm_rules import load_alarm_file
from console.config.assets_file import AssetsFile, load_assets
from console.config.derived_file import load_derived
from console.config.history_file import load_history
from console.config.performance_file import load_performance
from console.config.problems import BadConfiguration
from console.config.settings import SiteSettings, TopicMap
from console.config.site_files import load_site, read_topics
from console.config.users_file import load_users
from console.domain.alarm_classes import AlarmSettings
from console.domain.alarms import AlarmRule
from console.domain.derived import DerivedTag
from console.domain.history.metrics import PerformanceSettings
from console.domain.history.settings import HistorySettings
from console.services.alarms.engine import AlarmEngine
from console.services.alarms.places import Places
from console.services.alarms.suppression import SuppressionByDesign
from console.services.telemetry.batch import TagColumns


def places_of(plant: AssetsFile) -> Places:
    """Documented name and area of each asset."""
    known = {asset.asset_id: (asset.name, asset.area) for asset in plant.assets}
    return lambda asset_id: known.get(asset_id, ("", ""))


def suppression_of(files: "SiteFiles", tags: TagColumns, engine: AlarmEngine) -> SuppressionByDesign:
    """What of the alarms a plant state explains, told to the engine."""
    return SuppressionByDesign(files.rules, files.settings, tags, engine, places_of(files.plant))


@dataclass(frozen=True, slots=True)
class SiteFiles:
    """What the files of the site say, checked before anything is opened."""

    site: SiteSettings
    topics: tuple[TopicMap, ...]
    rules: tuple[AlarmRule, ...]
    plant: AssetsFile
    settings: AlarmSettings = field(default_factory=AlarmSettings)
    derived: tuple[DerivedTag, ...] = ()
    history: HistorySettings = field(default_factory=HistorySettings)
    performance: PerformanceSettings = field(default_factory=PerformanceSettings)


def read_site(folder: Path) -> SiteFiles:
    site = load_site(folder)
    topics, wrong = read_topics(folder)
    if wrong:
        raise BadConfiguration(tuple(wrong))
    load_users(folder)  # a broken file stops the start; its people become facts later
    alarms, plant = load_alarm_file(folder), load_assets(folder, site.site_id)
    derived, history, performance = load_derived(folder), load_history(folder), load_performance(folder)
    return SiteFiles(site, topics, alarms.rules, plant, alarms.settings, derived, history, performance)
