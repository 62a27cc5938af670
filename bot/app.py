"""Builds every part and joins them, in the order in which data flows. No logic of its own."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from sqlalchemy import Engine

from bot import __version__
from bot.alerts.channels import AnyChannel, build_channels
from bot.clock import clock_of
from bot.collect import Round
from bot.domain.comment import Source
from bot.domain.errors import OperationError
from bot.domain.hazard import published
from bot.domain.spacing import Schedule
from bot.domain.verdict import State
from bot.http.address_guard import networks
from bot.http.session import Session, open_http
from bot.intake import Desk
from bot.planner import ClockGuard, Planning
from bot.platforms.registry import PLATFORMS, platform
from bot.ports import Clock, JobQueue
from bot.recheck import Bench
from bot.rules.check import run_tests
from bot.rules.load import load_rules, shipped_rules
from bot.rules.matcher import Matcher
from bot.rules.schema import RuleSet
from bot.settings import Configuration, Settings, SourceSettings, explain
from bot.store import comments, sources
from bot.store.engine import database_url, open_engine
from bot.store.host_budget import StoredHostBudget
from bot.store.migrate import upgrade
from bot.text import words
from bot.truth import Ear, stream_of


@dataclass(frozen=True, slots=True)
class App:
    """What every process of the bot shares."""

    configuration: Configuration
    clock: Clock
    engine: Engine
    sources: Mapping[int, Source]
    schedule: Schedule

    @property
    def settings(self) -> Settings:
        """Return the validated settings."""
        return self.configuration.settings

    def open_http(self, source: Source) -> Session:
        """Return the way out for a source, in the rhythm that its options ask for."""
        http = self.settings.http
        adapter = platform(source.platform)
        own = source.options.get("interval")
        hosts = {adapter.host(source, vantage) for vantage in adapter.capabilities.vantages}
        contact = f"; {http.contact}" if http.contact else ""
        return open_http(
            StoredHostBudget(self.engine, self.clock),
            user_agent=f"removalwatch/{__version__} (watches public comments{contact})",
            allow_networks=http.allow_networks,
            interval=http.interval,
            intervals=dict.fromkeys(hosts, float(own)) if isinstance(own, int | float) else {},
        )


def build(configuration: Configuration, *, pooled: bool = True) -> App:
    """Open and migrate the database and enter the sources; `pooled=False` for processes that fork.

    InputError or OperationError with one clear sentence; then nothing was started.
    """
    settings = configuration.settings
    clock = clock_of()
    watched = options_of(configuration)
    prepare_folder(settings.data_dir)
    engine = open_engine(database_url(settings.database, settings.data_dir), pooled=pooled)
    upgrade(engine)
    with engine.begin() as connection:
        now = clock.now()
        by_id = {}
        for one, options in zip(settings.sources, watched, strict=True):
            instance = platform(one.platform).instance(options)
            source_id = sources.ensure(connection, name=one.name, platform=one.platform, instance=instance, now=now)
            by_id[source_id] = Source(source_id, one.name, one.platform, instance, options)
    schedule = Schedule(published(), settings.follow.looks, settings.follow.span, settings.follow.within)
    return App(configuration, clock, engine, by_id, schedule)


def rules_of(settings: Settings) -> RuleSet:
    """Load the rules, teach the dictionary their words, and run their own tests; InputError for the first mistake."""
    rules = load_rules(settings.rules or shipped_rules())
    prepare_folder(settings.data_dir)
    words.prepare(settings.data_dir / "cache" / "jieba", rules.words)
    for failure in run_tests(rules):
        raise failure
    return rules


def desk_of(app: App) -> Desk:
    """Build what the intake works with: the only part that needs dictionaries and language profiles."""
    settings = app.settings
    rules = rules_of(settings)
    with app.engine.begin() as connection:
        version = comments.ensure_rule_version(connection, rules.version, rules.body, app.clock.now())
    return Desk(
        engine=app.engine,
        clock=app.clock,
        matcher=Matcher(rules),
        rule_version_id=version,
        key=author_key(settings.data_dir),
        schedule=app.schedule,
        panel=settings.follow.panel,
        controls=settings.follow.controls,
        match=settings.follow.match,
        channels=settings.alerts.channels,
        tell_matches=settings.alerts.matches,
    )


def rounds_of(app: App, desk: Desk) -> list[Round]:
    """Build one collector per source."""
    every = {one.name: one.every for one in app.settings.sources}
    return [
        Round(desk, source, platform(source.platform), app.open_http, every[source.name])
        for source in app.sources.values()
    ]


def ears_of(app: App) -> list[Ear]:
    """Build one listener per source whose platform has an event stream."""
    streams = [(source, stream_of(platform(source.platform))) for source in app.sources.values()]
    return [
        Ear(app.engine, app.clock, source, stream, app.open_http) for source, stream in streams if stream is not None
    ]


def bench_of(app: App) -> Bench:
    """Build what a re-check works with."""
    alerts = app.settings.alerts
    return Bench(
        engine=app.engine,
        clock=app.clock,
        sources=app.sources,
        platform=platform,
        open_http=app.open_http,
        schedule=app.schedule,
        channels=alerts.channels,
        alert_from=State(alerts.disappeared_from),
    )


def planning_of(app: App, queue: JobQueue) -> Planning:
    """Build what the planner works with."""
    per_day = {one.name: one.budget for one in app.settings.sources if one.budget is not None}
    budgets = {number: per_day[one.name] for number, one in app.sources.items() if one.name in per_day}
    guard = ClockGuard(app.clock.real())
    return Planning(app.engine, app.clock, app.sources, platform, queue, guard, budgets=budgets)


def channels_of(app: App, console: Console) -> dict[str, AnyChannel]:
    """Build the alert channels."""
    return build_channels(app.settings.alerts, console)


def author_key(data_dir: Path) -> bytes:
    """Return the key of the pseudonyms, made at the first start; it lies outside the database and its backups."""
    path = data_dir / "author.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) != 32:
            raise OperationError(f"{path} is not the key that this program wrote: restore it from a backup") from None
        return key
    with os.fdopen(descriptor, "wb") as file:
        key = secrets.token_bytes(32)
        file.write(key)
    return key


def prepare_folder(data_dir: Path) -> None:
    """Make the data folder, for its owner only; OperationError where that cannot be."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        cache = data_dir / "cache"
        cache.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise OperationError(
            f"The data folder {data_dir} cannot be written: {error.strerror}. Change its owner, or set data_dir."
        ) from None
    # matplotlib writes a font cache; the home folder may be read-only.
    os.environ.setdefault("MPLCONFIGDIR", str(cache / "matplotlib"))


def options_of(configuration: Configuration) -> list[Mapping[str, object]]:
    """Return the options of every source, checked by its platform; InputError for the first mistake."""
    settings = configuration.settings
    networks(settings.http.allow_networks)
    return [_options(configuration, index) for index in range(len(settings.sources))]


def _options(configuration: Configuration, index: int) -> Mapping[str, object]:
    one: SourceSettings = configuration.settings.sources[index]
    located = configuration.located
    if one.platform not in PLATFORMS:
        known = ", ".join(sorted(PLATFORMS))
        raise located.error(("sources", index, "platform"), f"there is no platform {one.platform}", f"one of: {known}")
    try:
        return platform(one.platform).options(one.options)
    except ValidationError as error:
        raise explain(error, located, ("sources", index)) from None
