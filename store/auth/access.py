"""Who calls and what that caller may see: the one place where tenant bounds become SQL."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, Table

from models.enums import AccessScope
from store.errors import ForbiddenError, Problem

EVERY_ORGANIZATION = "*"
"""Stands for all organizations in a key's binding and for the installation's own prices."""

RowT = TypeVar("RowT", bound=tuple[Any, ...])


@dataclass(frozen=True, slots=True)
class TenantBounds:
    """The records a principal can reach. None means: any.

    ``restrict`` is applied to every statement that reads records for a caller; ``admits`` says the
    same of one row that was loaded under a lock.
    """

    organization_id: str | None = None
    namespace_id: str | None = None
    workspace_id: str | None = None

    def conditions(self, table: FromClause) -> list[ColumnElement[bool]]:
        """Return the conditions on the rows of ``table``.

        A table without a namespace or workspace column holds records of the whole organization:
        they are shown to keys that are bound to a part of it, except where the table is
        restricted by its own module (limits).
        """
        columns = table.columns
        bound_columns = (
            ("organization_id", self.organization_id),
            ("namespace_id", self.namespace_id),
            ("workspace_id", self.workspace_id),
        )
        return [columns[n] == v for n, v in bound_columns if v is not None and n in columns]

    def restrict(self, statement: Select[RowT], table: Table) -> Select[RowT]:
        return statement.where(*self.conditions(table))

    def admits(self, row: Mapping[str, Any]) -> bool:
        return (
            (self.organization_id is None or row["organization_id"] == self.organization_id)
            and (self.namespace_id is None or row.get("namespace_id") == self.namespace_id)
            and (self.workspace_id is None or row.get("workspace_id") == self.workspace_id)
        )

    @property
    def is_partial(self) -> bool:
        return self.namespace_id is not None or self.workspace_id is not None


UNRESTRICTED = TenantBounds()


class LabelsDraft(Protocol):
    @property
    def organization_id(self) -> str | None: ...
    @property
    def namespace_id(self) -> str | None: ...
    @property
    def workspace_id(self) -> str | None: ...
    @property
    def user_id(self) -> str | None: ...
    @property
    def developer_id(self) -> str | None: ...
    @property
    def api_key_id(self) -> str | None: ...
    @property
    def company_id(self) -> str | None: ...
    @property
    def subscription_id(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Principal:
    """An authenticated caller.

    ``home_organization`` is what records get when the caller names no organization; it is None
    only for administrators' keys that span all organizations. ``expires_at`` is when the key or
    the sign-in ends; ``sign_in_id`` names the sign-in of a caller that sent a cookie.
    """

    name: str
    scopes: frozenset[AccessScope]
    bounds: TenantBounds
    home_organization: str | None
    key_id: UUID | None = None
    expires_at: datetime | None = None
    sign_in_id: UUID | None = None

    def may(self, scope: AccessScope) -> bool:
        return scope in self.scopes or AccessScope.ADMIN in self.scopes

    def grants_as(self, other: "Principal") -> bool:
        return self.bounds == other.bounds and self.scopes == other.scopes

    def require(self, scope: AccessScope) -> None:
        if not self.may(scope):
            scopes = ", ".join(sorted(s.value for s in self.scopes)) or "none"
            raise ForbiddenError(f"Scope {scope.value} is required (the key has {scopes}).")

    def organization(self, requested_id: str | None = None) -> str:
        organization = requested_id if requested_id is not None else self.home_organization
        if organization is None:
            raise ForbiddenError(
                "this key spans all organizations: name one (organizationId)",
                ("organizationId",),
            )
        if self.bounds.organization_id not in (None, organization):
            raise ForbiddenError(
                f"this key is bound to organization {self.bounds.organization_id!r}",
                ("organizationId",),
            )
        return organization


BOUND_LABELS = ("organization_id", "namespace_id", "workspace_id")
API_LABEL_NAMES = {
    "organization_id": "organizationId",
    "namespace_id": "namespaceId",
    "workspace_id": "workspaceId",
    "user_id": "userId",
    "developer_id": "developerId",
    "api_key_id": "apiKeyId",
    "company_id": "companyId",
    "subscription_id": "subscriptionId",
}


@dataclass(frozen=True, slots=True)
class LabelDefaults:
    organization_id: str | None
    namespace_id: str | None
    workspace_id: str | None
    api_key_id: str | None

    @classmethod
    def of(cls, principal: Principal) -> "LabelDefaults":
        bounds = principal.bounds
        return cls(
            principal.home_organization,
            bounds.namespace_id,
            bounds.workspace_id,
            str(principal.key_id) if principal.key_id else None,
        )


def fill_labels(
    labels: LabelsDraft | None, principal: Principal, path: tuple[str, ...] = ("labels",)
) -> tuple[dict[str, str | None], Problem | None]:
    defaults = LabelDefaults.of(principal)
    filled: dict[str, str | None] = {
        name: getattr(labels, name) if labels is not None else None for name in API_LABEL_NAMES
    }
    for name in ("organization_id", "namespace_id", "workspace_id", "api_key_id"):
        if filled[name] is None:
            filled[name] = getattr(defaults, name)
    if filled["organization_id"] is None:
        message = "organizationId is required for keys of all organizations."
        return filled, Problem("BAD_USER_INPUT", message, (*path, "organizationId"))
    for name in BOUND_LABELS:
        bound = getattr(principal.bounds, name)
        if bound is not None and filled[name] != bound:
            message = (
                f"this key is bound to {API_LABEL_NAMES[name]} {bound!r} and may not use another"
            )
            return filled, Problem("FORBIDDEN", message, (*path, API_LABEL_NAMES[name]))
    return filled, None


def open_principal(organization_id: str) -> Principal:
    return Principal("open", frozenset(AccessScope), TenantBounds(), organization_id)


def within(bounds: TenantBounds, organization_id: str) -> TenantBounds:
    return replace(bounds, organization_id=organization_id)
