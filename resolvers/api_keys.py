"""Define the root fields of API keys and the viewer."""

from typing import Annotated

import strawberry

from models.enums import AccessScope
from schema.api_keys import (
    ApiKey,
    ApiKeyInput,
    ApiKeyPayload,
    CreatedApiKeyPayload,
    RevokeApiKeyInput,
    Viewer,
)
from schema.arguments import about, conditions
from schema.context import Info
from schema.enums import ItemStatus


@strawberry.type
class ApiKeyMutations:
    @strawberry.mutation(description="Creates an API key. Its secret is shown only once.")
    async def create_api_key(
        self,
        info: Info,
        input: Annotated[ApiKeyInput, conditions("The permissions and bounds of the key.")],
    ) -> CreatedApiKeyPayload:
        row, secret = await info.context.store.keys.create(input, info.context.principal)
        return CreatedApiKeyPayload(
            status=ItemStatus.ACCEPTED, api_key=ApiKey.from_row(row), secret=secret
        )

    @strawberry.mutation(description="Revokes an API key permanently.")
    async def revoke_api_key(
        self, info: Info, input: Annotated[RevokeApiKeyInput, about("The key to revoke.")]
    ) -> ApiKeyPayload:
        row, changed = await info.context.store.keys.revoke(input.key_id, info.context.principal)
        status = ItemStatus.ACCEPTED if changed else ItemStatus.DUPLICATE
        return ApiKeyPayload(status=status, api_key=ApiKey.from_row(row))


@strawberry.type
class ApiKeyQueries:
    @strawberry.field(description="The caller's identity, permissions and organization.")
    def viewer(self, info: Info) -> Viewer:
        return Viewer.of(info.context.principal)

    @strawberry.field(description="API keys within the caller's bounds, newest first.")
    async def api_keys(self, info: Info) -> list[ApiKey]:
        info.context.principal.require(AccessScope.ADMIN)
        rows = await info.context.store.keys.list_keys(info.context.principal.bounds)
        return [ApiKey.from_row(row) for row in rows]
