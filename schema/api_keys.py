"""Describe API keys, and the caller that one authenticates."""

from datetime import datetime
from uuid import UUID

import strawberry

from schema.conditions import condition
from schema.enums import AccessScope, ItemStatus
from schema.filter_operators import DateTimeFilter, IDFilter, StringFilter, UUIDFilter
from schema.hydration import described, hydrate
from schema.nodes import GlobalId, Node
from store.auth.access import Principal
from store.database import Row


@strawberry.type(
    description="An API key. Its secret is shown once, at creation, and is not stored."
)
class ApiKey(Node):
    uuid: UUID = described("The key's own id.")
    organization_id: strawberry.ID = described(
        "The organization that the key is bound to; * means all organizations."
    )
    namespace_id: strawberry.ID | None = described("The namespace that the key is bound to.")
    workspace_id: strawberry.ID | None = described("The workspace that the key is bound to.")
    name: str = described("Display name.")
    scopes: list[AccessScope] = described("Permissions of the key.")
    hint: str = described("The last four characters of the secret.")
    created_at: datetime = described("When the key was created.")
    expires_at: datetime | None = described("When the key expires; null if it does not expire.")
    revoked_at: datetime | None = described("When the key was revoked.")

    @classmethod
    def from_row(cls, row: Row) -> "ApiKey":
        """Build the key from a row of ``api_keys``, without the digest of the secret."""
        public_columns = {name: value for name, value in row.items() if name != "secret_hash"}
        return hydrate(cls, public_columns, uuid=row["id"])

    def global_id(self) -> GlobalId:
        return GlobalId("ApiKey", (self.organization_id, self.uuid.hex))


@strawberry.input(description="Filters API keys. Conditions are combined with AND.")
class ApiKeyFilter:
    and_: list["ApiKeyFilter"] | None = condition(
        "Matches records that satisfy all of these filters.", name="and"
    )
    or_: list["ApiKeyFilter"] | None = condition(
        "Matches records that satisfy any of these filters.", name="or"
    )
    not_: "ApiKeyFilter | None" = condition(
        "Matches records that do not satisfy this filter.", name="not"
    )
    id: UUIDFilter | None = condition("Filters by uuid.")
    organization_id: IDFilter | None = condition(
        "Filters by organization; * means keys of all organizations."
    )
    namespace_id: IDFilter | None = condition("Filters by namespace.")
    workspace_id: IDFilter | None = condition("Filters by workspace.")
    name: StringFilter | None = condition("Filters by display name.")
    hint: StringFilter | None = condition("Filters by the last four characters of the secret.")
    created_at: DateTimeFilter | None = condition("Filters by creation time.")
    expires_at: DateTimeFilter | None = condition("Filters by expiry.")
    revoked_at: DateTimeFilter | None = condition("Filters by the time of revocation.")


@strawberry.input(description="A new API key.")
class ApiKeyInput:
    name: str = described("Display name.")
    scopes: list[AccessScope] = described("Permissions of the key.")
    organization_id: strawberry.ID | None = described(
        "Organization of the key. Defaults to the caller's; * means all organizations "
        "and requires an administrator of all.",
        default=None,
    )
    namespace_id: strawberry.ID | None = described("Binds the key to a namespace.", default=None)
    workspace_id: strawberry.ID | None = described("Binds the key to a workspace.", default=None)
    expires_at: datetime | None = described("When the key expires.", default=None)


@strawberry.input(description="Revokes an API key.")
class RevokeApiKeyInput:
    key_id: UUID = described("The key's uuid.")


@strawberry.type(description="A new key and its secret.")
class CreatedApiKeyPayload:
    status: ItemStatus = described("ACCEPTED.")
    api_key: ApiKey = described("The API key.")
    secret: str = described(
        "The secret, sent as Authorization: Bearer SECRET. It is shown only once."
    )


@strawberry.type(description="Result of revokeApiKey.")
class ApiKeyPayload:
    status: ItemStatus = described("ACCEPTED, or DUPLICATE if the key was already revoked.")
    api_key: ApiKey = described("The API key.")


@strawberry.type(description="The caller.")
class Viewer:
    name: str = described("Name of the API key, or open if the server requires none.")
    key_id: UUID | None = described("The key's uuid; null if the server requires no key.")
    scopes: list[AccessScope] = described("Permissions of the caller.")
    organization_id: strawberry.ID | None = described(
        "The organization that the caller is bound to; null means all."
    )
    namespace_id: strawberry.ID | None = described("The namespace that the key is bound to.")
    workspace_id: strawberry.ID | None = described("The workspace that the key is bound to.")
    home_organization_id: strawberry.ID | None = described(
        "The default organization of recorded data."
    )

    @classmethod
    def of(cls, principal: Principal) -> "Viewer":
        bounds, home = principal.bounds, principal.home_organization
        return cls(
            name=principal.name,
            key_id=principal.key_id,
            scopes=sorted(principal.scopes),
            organization_id=as_id(bounds.organization_id),
            namespace_id=as_id(bounds.namespace_id),
            workspace_id=as_id(bounds.workspace_id),
            home_organization_id=as_id(home),
        )


def as_id(value: str | None) -> strawberry.ID | None:
    return None if value is None else strawberry.ID(value)
