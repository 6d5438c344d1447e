"""The settings of one server, composed of the groups of its parts, from the environment and ``.env``."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from typing import Any, get_type_hints

from pydantic import Field as ModelField
from pydantic import ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from server.access.admission import ConnectionBounds, ExecutionBounds
from server.access.key_requirement import LOOPBACK_NAMES
from server.exporting.bounds import ExportBounds
from server.graphql.document_cost import PageBounds
from server.graphql.document_limits import DocumentBounds
from server.http.bodies import RequestBounds
from server.live.bounds import LiveBounds
from server.settings.database import DatabaseSettings
from server.settings.errors import ENV_FILE, PREFIX, SettingsError, explain, variable
from server.settings.groups import (
    AccessSettings,
    ApiSettings,
    ListenSettings,
    LoggingSettings,
    MetricsSettings,
)
from store.aggregation.checks import ResultLimits
from store.config import (
    CredentialSettings,
    RollupSettings,
    StallSettings,
    StoreConfig,
)
from store.dialects import PoolSettings
from store.ingest.queue import WriterSettings
from store.maintenance.settings import MaintenanceSettings
from store.pricing.settings import PricingSettings
from store.query.paging import PageSize
from store.validation import InputBounds


class FlatVariables(PydanticBaseSettingsSource):
    """Puts variables, which have one flat list of names, into their groups."""

    def __init__(self, settings: type[BaseSettings], source: PydanticBaseSettingsSource) -> None:
        super().__init__(settings)
        assert isinstance(source, EnvSettingsSource)  # the source of .env is one, too
        self._variables = source.env_vars

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Satisfy the interface; ``__call__`` returns all values at once."""
        raise NotImplementedError

    def __call__(self) -> dict[str, Any]:
        values = {
            setting.name: self._variables[setting.variable.lower()]
            for setting in SETTINGS.values()
            if self._variables.get(setting.variable.lower())
        }
        return grouped(values)


class Settings(BaseSettings):
    """The settings of one server. Made by ``load_settings``; immutable afterwards."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    listen: ListenSettings = ModelField(default_factory=ListenSettings)
    requests: RequestBounds = ModelField(default_factory=RequestBounds)
    connections: ConnectionBounds = ModelField(default_factory=ConnectionBounds)
    access: AccessSettings = ModelField(default_factory=AccessSettings)
    credentials: CredentialSettings = ModelField(default_factory=CredentialSettings)
    database: DatabaseSettings = ModelField(default_factory=DatabaseSettings)
    pool: PoolSettings = ModelField(default_factory=PoolSettings)
    rollups: RollupSettings = ModelField(default_factory=RollupSettings)
    maintenance: MaintenanceSettings = ModelField(default_factory=MaintenanceSettings)
    writer: WriterSettings = ModelField(default_factory=WriterSettings)
    pricing: PricingSettings = ModelField(default_factory=PricingSettings)
    stalls: StallSettings = ModelField(default_factory=StallSettings)
    live: LiveBounds = ModelField(default_factory=LiveBounds)
    inputs: InputBounds = ModelField(default_factory=InputBounds)
    documents: DocumentBounds = ModelField(default_factory=DocumentBounds)
    execution: ExecutionBounds = ModelField(default_factory=ExecutionBounds)
    pages: PageSize = ModelField(default_factory=PageSize)
    answers: ResultLimits = ModelField(default_factory=ResultLimits)
    exports: ExportBounds = ModelField(default_factory=ExportBounds)
    api: ApiSettings = ModelField(default_factory=ApiSettings)
    logging: LoggingSettings = ModelField(default_factory=LoggingSettings)
    metrics: MetricsSettings = ModelField(default_factory=MetricsSettings)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del file_secret_settings
        environment = FlatVariables(settings_cls, env_settings)
        return init_settings, environment, FlatVariables(settings_cls, dotenv_settings)

    @model_validator(mode="after")
    def _pages_fit(self) -> "Settings":
        if self.pages.default > self.pages.maximum:
            raise ValueError(
                f"TRACKSTORE_DEFAULT_PAGE_SIZE is {self.pages.default}, larger than "
                f"TRACKSTORE_MAX_PAGE_SIZE, {self.pages.maximum}: lower the first or raise the "
                "second."
            )
        return self

    @property
    def answered_hosts(self) -> tuple[str, ...]:
        """Return what may stand in the Host header, ``*`` for anything.

        The names of this machine always may: no page of a stranger can be called by them.
        """
        if self.access.allowed_hosts:
            return (*self.access.allowed_hosts, *LOOPBACK_NAMES)
        return LOOPBACK_NAMES if self.listen.is_loopback else ("*",)

    @property
    def shows_explorer(self) -> bool:
        """Return whether browsers get a page to try documents."""
        if self.api.explorer == "auto":
            return self.listen.is_loopback
        return self.api.explorer == "yes"

    def document_bounds(self) -> DocumentBounds:
        """Return the bounds of documents with what follows from those of batches and pages."""
        largest = max(self.pages.maximum, self.answers.rows)
        return replace(
            self.documents,
            objects=replace(self.documents.objects, batch=self.inputs.batch_items),
            pages=PageBounds(self.pages.default, largest),
        )

    def store_config(self) -> StoreConfig:
        """Return the groups that belong to the store."""
        return StoreConfig(
            database_url=self.database.url_with_driver,
            pool=self.pool,
            writer=self.writer,
            inputs=self.inputs,
            pages=self.pages,
            answers=self.answers,
            rollups=self.rollups,
            maintenance=self.maintenance,
            pricing=self.pricing,
            stalls=self.stalls,
            credentials=self.credentials,
        )


@dataclass(frozen=True, slots=True)
class Setting:
    """One value that an operator sets: its name, as in ``load_settings``, and its group and field."""

    name: str
    path: tuple[str, ...]
    info: FieldInfo

    @property
    def variable(self) -> str:
        return variable(self.name)

    def value_in(self, settings: Settings) -> Any:
        value: Any = settings
        for step in self.path:
            value = getattr(value, step)
        return value


def _settings_of(group: type[Any], path: tuple[str, ...]) -> Iterator[Setting]:
    """Yield the described fields of a group; the others are derived, or not for operators."""
    annotations = get_type_hints(group, include_extras=True)
    for field in fields(group):
        annotation, place = annotations[field.name], (*path, field.name)
        if is_dataclass(annotation):
            assert isinstance(annotation, type)
            yield from _settings_of(annotation, place)
            continue
        info = FieldInfo.from_annotated_attribute(annotation, _default_of(field))
        if info.description:
            yield Setting(str(info.validation_alias or field.name), place, info)


def _default_of(field: "Field[Any]") -> Any:
    return ... if field.default is MISSING else field.default


SETTINGS: Mapping[str, Setting] = {
    setting.name: setting
    for name, info in Settings.model_fields.items()
    if isinstance(info.annotation, type)
    for setting in _settings_of(info.annotation, (name,))
}
"""Every setting by its name, in the order of the groups."""
FIELDS: Mapping[str, FieldInfo] = {name: setting.info for name, setting in SETTINGS.items()}


def grouped(values: Mapping[str, Any]) -> dict[str, Any]:
    """Arrange values of settings by name into groups; raises ``KeyError`` for an unknown name."""
    groups: dict[str, Any] = {}
    for name, value in values.items():
        group = groups
        for step in SETTINGS[name].path[:-1]:
            group = group.setdefault(step, {})
        group[name] = value
    return groups


def load_settings(**overrides: Any) -> Settings:
    """Load the settings of the environment and ``.env``.

    ``overrides``, by the names of the settings, take precedence over both where they are not None.
    Raises ``SettingsError``, which names every setting that is wrong.
    """
    values = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**grouped(values))
    except ValidationError as error:
        raise explain(error, FIELDS) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{ENV_FILE} cannot be read: {error}. Fix or remove it."]) from None
