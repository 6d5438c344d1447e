"""Tenancy labels: opaque names of the caller's world, never rows of ours."""

from sqlalchemy.orm import Mapped

__all__ = ["LABELS", "LabelColumns"]

LABELS = (
    "namespace_id",
    "workspace_id",
    "user_id",
    "developer_id",
    "api_key_id",
    "company_id",
    "subscription_id",
)
"""Every label but the organization, which is part of each key."""


class LabelColumns:
    """The optional labels of a record. ``organization_id`` is declared by each table's key."""

    namespace_id: Mapped[str | None]
    workspace_id: Mapped[str | None]
    user_id: Mapped[str | None]
    developer_id: Mapped[str | None]
    api_key_id: Mapped[str | None]
    company_id: Mapped[str | None]
    subscription_id: Mapped[str | None]
