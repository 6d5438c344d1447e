"""The declarative base: one metadata with predictable constraint names, one Python type per column type."""

from datetime import date, datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Date, Double, Integer, MetaData, Table, Uuid
from sqlalchemy.orm import DeclarativeBase

from models.types import CleanText, Instant, Json

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
}


class Long(int):
    """Marks a column that holds a 64-bit whole number (``int`` alone is 32 bits)."""


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {
        str: CleanText(),
        datetime: Instant(),
        date: Date(),
        dict[str, Any]: Json,
        list[Any]: Json,
        UUID: Uuid(),
        bool: Boolean(create_constraint=False),
        float: Double(),
        int: Integer(),
        Long: BigInteger(),
    }


def table_of(model: type[Base]) -> Table:
    return cast("Table", model.__table__)
