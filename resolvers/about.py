"""The Trackstore installation that answered this query."""

import strawberry

from schema.about import About
from schema.context import Info


@strawberry.type
class AboutQueries:
    """What runs here."""

    @strawberry.field(description="Version, database and migration of the installation.")
    async def about(self, info: Info) -> About:
        """Needs READ; holds nothing of any tenant."""
        info.context.reader()
        store = info.context.store
        return About.of(await store.installation.describe(), store.now())
