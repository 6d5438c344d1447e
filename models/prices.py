"""Prices per 1,000 tokens, each effective from a date until the next one."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Long


class Price(Base):
    """Whole nano-dollars per 1,000 tokens of a model or tool.

    The row with ``from_input_tokens`` 0 is the price itself; others of the same key and date are its
    tiers, which price the whole of a call with at least so many input tokens.
    ``organization_id`` is ``*`` for a price of the whole installation; an organization's own
    price takes precedence.
    """

    __tablename__ = "prices"

    organization_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    effective_from: Mapped[datetime] = mapped_column(primary_key=True)
    from_input_tokens: Mapped[Long] = mapped_column(primary_key=True)
    input_nanos: Mapped[Long]
    output_nanos: Mapped[Long]
    cached_input_nanos: Mapped[Long]
    cache_write_input_nanos: Mapped[Long]
    reasoning_nanos: Mapped[Long]
    audio_input_nanos: Mapped[Long]
    audio_output_nanos: Mapped[Long]
    created_at: Mapped[datetime]
