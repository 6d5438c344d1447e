"""Arguments that many fields share, and how an argument is described."""

from typing import Annotated, Any
from uuid import UUID

import strawberry


def about(text: str) -> Any:
    """The description of an argument: ``Annotated[T, about("...")]``."""
    return strawberry.argument(description=text)


First = Annotated[int | None, about("At most so many records, from the front.")]
After = Annotated[str | None, about("Only records after this cursor.")]
Last = Annotated[int | None, about("At most so many records, from the end.")]
Before = Annotated[str | None, about("Only records before this cursor.")]
OwnId = Annotated[UUID, about("The record's own id (uuid).")]
