"""API keys and the caller that one speaks for."""

from datetime import datetime
from uuid import UUID

import strawberry

from schema.enums import AccessScope, ItemStatus
from schema.hydration import described, hydrate
from schema.nodes import GlobalId, Node
from store.auth.access import Principal
from store.database import Row


@strawberry.type(description="A key. Its secret was shown once and is not stored.")
class ApiKey(Node):
    """A row of ``api_keys``."""

    uuid: UUID = described("The key's own id.")
    organization_id: strawberry.ID = described("The organization it is bound to; * is all.")
    namespace_id: strawberry.ID | None = described("The namespace it is bound to.")
    workspace_id: strawberry.ID | None = described("The workspace it is bound to.")
    name: str = described("What people call it.")
    scopes: list[AccessScope] = described("What it may do.")
    hint: str = described("The last four characters of its secret.")
    created_at: datetime = described("When it was made.")
    expires_at: datetime | None = described("When it stops working; null: never.")
    revoked_at: datetime | None = described("When it was revoked.")

    @classmethod
    def from_row(cls, row: Row) -> "ApiKey":
        """From a row of ``api_keys``; the digest of the secret is left behind."""
        shown = {name: value for name, value in row.items() if name != "secret_hash"}
        return hydrate(cls, shown, uuid=row["id"])

    def global_id(self) -> GlobalId:
        return GlobalId("ApiKey", (self.organization_id, self.uuid.hex))


@strawberry.input(description="A key to be made.")
class ApiKeyInput:
    """Structurally a ``KeyDraft``."""

    name: str = described("What people will call it.")
    scopes: list[AccessScope] = described("What it may do.")
    organization_id: strawberry.ID | None = described(
        "Default: the caller's; * for all (administrators of all).", default=None
    )
    namespace_id: strawberry.ID | None = described("Bind it to a namespace.", default=None)
    workspace_id: strawberry.ID | None = described("Bind it to a workspace.", default=None)
    expires_at: datetime | None = described("When it stops working.", default=None)


@strawberry.input(description="A key is revoked.")
class RevokeApiKeyInput:
    """Which one."""

    key_id: UUID = described("The key's own id (uuid).")


@strawberry.type(description="A new key and its secret.")
class CreatedApiKeyPayload:
    """After createApiKey."""

    status: ItemStatus = described("ACCEPTED.")
    api_key: ApiKey = described("The key.")
    secret: str = described("Send it as Authorization: Bearer SECRET. It is shown this once.")


@strawberry.type(description="The key as it is stored.")
class ApiKeyPayload:
    """After revokeApiKey."""

    status: ItemStatus = described("ACCEPTED, or DUPLICATE where it was revoked before.")
    api_key: ApiKey = described("The key.")


@strawberry.type(description="Who is asking.")
class Viewer:
    """The principal of the call."""

    name: str = described("Name of the key, or open.")
    key_id: UUID | None = described("The key's own id; null where the server runs open.")
    scopes: list[AccessScope] = described("What the caller may do.")
    organization_id: strawberry.ID | None = described("The organization it is bound to; null: all.")
    namespace_id: strawberry.ID | None = described("The namespace it is bound to.")
    workspace_id: strawberry.ID | None = described("The workspace it is bound to.")
    home_organization_id: strawberry.ID | None = described(
        "The organization that records get where none is named."
    )

    @classmethod
    def of(cls, principal: Principal) -> "Viewer":
        """From the principal."""
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
    """The same as a GraphQL id."""
    return None if value is None else strawberry.ID(value)
