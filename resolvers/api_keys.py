"""Define the root fields of API keys and the viewer."""

from typing import Annotated

import strawberry

from models.enums import AccessScope
from schema.api_keys import (
    ApiKey,
    ApiKeyFilter,
    ApiKeyInput,
    ApiKeyPayload,
    CreatedApiKeyPayload,
    RevokeApiKeyInput,
    Viewer,
)
from schema.arguments import about, conditions, where_of
from schema.context import Info
from schema.enums import ItemStatus
from schema.filters import condition_of


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

    @strawberry.field(
        description="API keys within the caller's bounds, newest first; at most 1,000."
    )
    async def api_keys(
        self,
        info: Info,
        where: Annotated[ApiKeyFilter | None, where_of("API keys")] = None,
    ) -> list[ApiKey]:
        principal, store = info.context.principal, info.context.store
        principal.require(AccessScope.ADMIN)
        condition = condition_of(where, store.now())
        rows = await store.key_list.list_keys(principal.bounds, condition)
        return [ApiKey.from_row(row) for row in rows]
