"""The installation that answers."""

import strawberry

from schema.about import About
from schema.context import Info


@strawberry.type
class AboutQueries:
    """What runs here."""

    @strawberry.field(description="The installation that answers: version, database, migration.")
    async def about(self, info: Info) -> About:
        """Needs READ; holds nothing of any tenant."""
        info.context.reader()
        store = info.context.store
        return About.of(await store.installation.describe(), store.now())
