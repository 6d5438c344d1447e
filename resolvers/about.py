"""Define about: the Trackstore installation that answers."""

import strawberry

from schema.about import About
from schema.context import Info


@strawberry.type
class AboutQueries:
    @strawberry.field(description="Version, database and migration of the installation.")
    async def about(self, info: Info) -> About:
        info.context.reader()
        store = info.context.store
        return About.of(await store.installation.describe(), store.now())
