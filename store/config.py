"""What an operator sets about the store, in groups; each part of the store takes its group whole."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from store.aggregation.checks import ResultLimits
from store.dialects import PoolSettings
from store.ingest.queue import WriterSettings
from store.installation import Release
from store.maintenance.settings import MaintenanceSettings
from store.pricing.settings import PricingSettings
from store.query.paging import PageSize
from store.requests.stalls import StallPolicy
from store.setting_types import DAY_SECONDS, HOUR_SECONDS, YEAR_HOURS
from store.validation import InputBounds


@dataclass(frozen=True, slots=True)
class RollupSettings:
    enabled: Annotated[
        bool,
        Field(
            validation_alias="rollups",
            description="Whether sums by hour and day are kept; the same on all servers.",
        ),
    ] = True
    day_hours: Annotated[
        float,
        Field(
            validation_alias="rollup_day_hours",
            ge=0,
            le=YEAR_HOURS,
            description="Hours after a UTC day until it is merged into one.",
        ),
    ] = 1.0

    @property
    def day_delay(self) -> timedelta:
        return timedelta(hours=self.day_hours)


@dataclass(frozen=True, slots=True)
class StallSettings:
    after_seconds: Annotated[
        float,
        Field(
            validation_alias="stall_after_seconds",
            ge=1,
            le=DAY_SECONDS,
            description="Silence after which a stage, or a request without running stages, becomes "
            "STALLED.",
        ),
    ] = 600.0
    lost_after_hours: Annotated[
        float,
        Field(
            gt=0,
            le=YEAR_HOURS,
            description="Hours after which what is STALLED becomes FAILED, with the reason LOST; final.",
        ),
    ] = 24.0
    sweep_seconds: Annotated[
        float,
        Field(
            validation_alias="stall_sweep_seconds",
            ge=0,
            le=HOUR_SECONDS,
            description="Pause between checks for them; 0 disables the checks.",
        ),
    ] = 15.0

    @property
    def policy(self) -> StallPolicy:
        return StallPolicy(
            timedelta(seconds=self.after_seconds), timedelta(hours=self.lost_after_hours)
        )


@dataclass(frozen=True, slots=True)
class CredentialSettings:
    key_cache_seconds: Annotated[
        float,
        Field(
            ge=0,
            le=HOUR_SECONDS,
            description="How long a key that was revoked in another process may still be taken where "
            "no notification of it arrives.",
        ),
    ] = 10.0
    sign_in_hours: Annotated[
        float, Field(gt=0, le=YEAR_HOURS, description="How long a sign-in at the pages lasts.")
    ] = 168.0

    @property
    def sign_in_lifetime(self) -> timedelta:
        return timedelta(hours=self.sign_in_hours)


@dataclass(frozen=True, slots=True)
class StoreConfig:
    """The configuration of one store; ``database_url`` names a driver."""

    database_url: str
    pool: PoolSettings = field(default_factory=PoolSettings)
    writer: WriterSettings = field(default_factory=WriterSettings)
    inputs: InputBounds = field(default_factory=InputBounds)
    pages: PageSize = field(default_factory=PageSize)
    answers: ResultLimits = field(default_factory=ResultLimits)
    rollups: RollupSettings = field(default_factory=RollupSettings)
    maintenance: MaintenanceSettings = field(default_factory=MaintenanceSettings)
    pricing: PricingSettings = field(default_factory=PricingSettings)
    stalls: StallSettings = field(default_factory=StallSettings)
    credentials: CredentialSettings = field(default_factory=CredentialSettings)
    release: Release = field(default_factory=Release)
