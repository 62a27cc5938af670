"""All that the owner can set: config.yaml, REMOVALWATCH_* variables and secret files, validated before any start."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from bot.domain.errors import InputError
from bot.domain.instant import DAY, MINUTE, Micros
from bot.domain.tracking import MatchedBy
from bot.domain.verdict import State
from bot.located_yaml import Located, load

PREFIX = "REMOVALWATCH_"
SECRETS_DIR = Path("/run/secrets")


def _read_secret(value: object) -> object:
    if isinstance(value, str) and value.startswith("file:"):
        try:
            return Path(value.removeprefix("file:")).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ValueError(f"the secret file cannot be read: {error.strerror}") from None
    return value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("this is no time zone; write one like Europe/Berlin or UTC") from None
    return name


Secret = Annotated[SecretStr, BeforeValidator(_read_secret)]
Zone = Annotated[str, AfterValidator(_zone)]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceSettings(BaseModel):
    """One thing to watch; keys that are not named here belong to the platform and are checked by it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str = Field(min_length=1, max_length=80)
    platform: str
    purpose: str = Field(min_length=1, description="why you watch it: a basis for keeping people's words")
    every: float = Field(default=300.0, gt=0, description="seconds between two collections (domain time)")
    budget: float | None = Field(
        default=None, gt=0, description="requests a day for collection, looks and canaries together"
    )

    @property
    def options(self) -> dict[str, Any]:
        """Return the platform's own keys."""
        return dict(self.model_extra or {})


class SlackSettings(_Strict):
    """A Slack incoming webhook."""

    name: str = "slack"
    webhook_url: Secret


class TelegramSettings(_Strict):
    """A chat that a Telegram bot may write to."""

    name: str = "telegram"
    bot_token: Secret
    chat_id: str
    api_url: str = "https://api.telegram.org"


class AlertSettings(_Strict):
    """Who hears of what."""

    terminal: bool = True
    slack: tuple[SlackSettings, ...] = ()
    telegram: tuple[TelegramSettings, ...] = ()
    disappeared_from: Literal[State.SUSPECTED, State.PROBABLE, State.CONFIRMED] = State.PROBABLE
    matches: bool = False

    @property
    def channels(self) -> tuple[str, ...]:
        """Return the names of all channels."""
        named = (*(one.name for one in self.slack), *(one.name for one in self.telegram))
        return (*(("terminal",) if self.terminal else ()), *named)


class DigestSettings(_Strict):
    """When the weekly digest is due."""

    weekday: Weekday = "monday"
    hour: int = Field(default=7, ge=0, le=23)
    timezone: Zone = "UTC"


class WebSettings(_Strict):
    """Health, readiness and metrics; on this machine only, unless set otherwise."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    allowed_hosts: tuple[str, ...] = ()


class WorkerSettings(_Strict):
    """Worker processes; 0 of a kind leaves that work to `removalwatch worker` elsewhere."""

    recheck: int = Field(default=2, ge=0, le=64)
    alerts: int = Field(default=1, ge=0, le=8)


class HttpSettings(_Strict):
    """Manners towards the hosts that are asked."""

    contact: str = Field(default="", description="an address in the User-Agent for the people who run a site")
    interval: float = Field(default=1.0, ge=0, description="seconds between two requests to one host (real time)")
    allow_networks: tuple[str, ...] = Field(default=(), description="private networks that may be asked, as CIDR")


class FollowSettings(_Strict):
    """Whom to follow, how long, and how often to look."""

    panel: float = Field(default=0.02, ge=0, le=1, description="share of all comments followed whatever the rules say")
    controls: int = Field(default=1, ge=0, le=10, description="matched unflagged comments per flagged one")
    match: MatchedBy = Field(default=MatchedBy.THREAD, description="what a control shares with its flagged comment")
    days: float = Field(default=30.0, gt=0, le=365, description="domain days")
    looks: float = Field(default=30.0, ge=2, le=10_000, description="looks per comment over that time")
    goal: Literal["delay", "within"] = Field(
        default="delay", description="delay: notice soon on average; within: notice as many as possible in `minutes`"
    )
    minutes: float = Field(default=60.0, ge=2, le=1440, description="of goal: within, in domain time")

    @property
    def span(self) -> Micros:
        """Return the follow-up in microseconds."""
        return round(self.days * DAY)

    @property
    def within(self) -> Micros | None:
        """Return in which time a removal should be noticed, None where the mean delay is to be short."""
        return round(self.minutes * MINUTE) if self.goal == "within" else None


class Settings(BaseSettings):
    """The whole configuration."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, env_ignore_empty=True
    )

    data_dir: Path = Path("data")
    database: str = ""
    redis: str = "auto"
    allow_insecure_redis: bool = False
    rules: Path | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    sources: tuple[SourceSettings, ...] = ()
    follow: FollowSettings = FollowSettings()
    alerts: AlertSettings = Field(default_factory=AlertSettings)
    digest: DigestSettings = DigestSettings()
    web: WebSettings = WebSettings()
    workers: WorkerSettings = WorkerSettings()
    http: HttpSettings = HttpSettings()

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return every secret that must never be shown."""
        slack = (one.webhook_url.get_secret_value() for one in self.alerts.slack)
        telegram = (one.bot_token.get_secret_value() for one in self.alerts.telegram)
        passwords = (unquote(urlsplit(url).password or "") for url in (self.database, self.redis))
        return tuple(secret for secret in (*slack, *telegram, *passwords) if secret)


@dataclass(frozen=True, slots=True)
class Configuration:
    """Validated settings together with the file that they came from, for mistakes that are found later."""

    settings: Settings
    located: Located
    path: Path


def load_configuration(path: Path) -> Configuration:
    """Read and validate a configuration; InputError with file, line and column for the first mistake.

    Order of precedence: REMOVALWATCH_* variables, files in /run/secrets, the file. Relative paths start at its folder.
    """
    if not path.exists():
        raise InputError(f"there is no configuration {path}", instead=f"removalwatch init {path} writes one")
    located = load(path)
    if located.value is not None and not isinstance(located.value, dict):
        raise located.error((), "a configuration is a mapping of keys", instead="start with: sources:")
    values = cast("dict[str, Any]", located.value or {})
    try:
        settings = _settings_class(values)()
    except ValidationError as error:
        raise explain(error, located) from None
    _check_names(settings, located)
    folder = path.resolve().parent
    changes: dict[str, Any] = {"data_dir": folder / settings.data_dir}
    if settings.rules is not None:
        changes["rules"] = folder / settings.rules
    return Configuration(settings.model_copy(update=changes), located, path)


def explain(error: ValidationError, located: Located, base: Sequence[str | int] = ()) -> InputError:
    """Return the first mistake of a validation as an error with its place, and what to write instead."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = (*base, *first["loc"])
    name = ".".join(str(step) for step in where)
    message = str(first["msg"]).removeprefix("Value error, ")
    variable = PREFIX + "__".join(str(step) for step in where).upper()
    if variable in os.environ:
        return InputError(f"{variable}: {message}", instead="correct or unset this variable")
    if first["type"] == "extra_forbidden":
        return located.error(where, f"{name}: there is no such setting", "see config.example.yaml", at_key=True)
    if first["type"] == "missing":
        return located.error(where[:-1], f"{name} is missing", f"add {where[-1]}: here; see config.example.yaml")
    return located.error(where, f"{name}: {message}", "see config.example.yaml")


def _settings_class(values: dict[str, Any]) -> type[Settings]:
    class FromFile(Settings):
        model_config = SettingsConfigDict(secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None)

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del dotenv_settings
            from_file = InitSettingsSource(settings_cls, init_kwargs=values)
            return init_settings, env_settings, file_secret_settings, from_file

    return FromFile


def _check_names(settings: Settings, located: Located) -> None:
    names: set[str] = set()
    for index, source in enumerate(settings.sources):
        if source.name in names:
            raise located.error(
                ("sources", index, "name"), f"two sources are called {source.name}", "give each a name of its own"
            )
        names.add(source.name)
    channels = settings.alerts.channels
    for channel in channels:
        if channels.count(channel) > 1:
            raise located.error(
                ("alerts",), f"two channels are called {channel}", "give each a name: of its own; terminal is taken"
            )
