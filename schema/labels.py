"""Tenancy labels, as callers send them and as records show them."""

import strawberry

from schema.hydration import described


@strawberry.input(
    description="Labels of the caller's world. Left out ones are filled from the API key."
)
class LabelsInput:
    """Structurally a ``store.auth.access.LabelsDraft``."""

    organization_id: strawberry.ID | None = described("The tenant.", default=None)
    namespace_id: strawberry.ID | None = described("A part of the organization.", default=None)
    workspace_id: strawberry.ID | None = described("A workspace.", default=None)
    user_id: strawberry.ID | None = described("Who used it.", default=None)
    developer_id: strawberry.ID | None = described("Whose integration made the call.", default=None)
    api_key_id: strawberry.ID | None = described("The key it was made with.", default=None)
    company_id: strawberry.ID | None = described("The company that pays.", default=None)
    subscription_id: strawberry.ID | None = described("The plan it belongs to.", default=None)


@strawberry.interface(description="A record with tenancy labels.")
class Labelled:
    """The labels of a record."""

    organization_id: strawberry.ID = described("The tenant.")
    namespace_id: strawberry.ID | None = described("A part of the organization.")
    workspace_id: strawberry.ID | None = described("A workspace.")
    user_id: strawberry.ID | None = described("Who used it.")
    developer_id: strawberry.ID | None = described("Whose integration made the call.")
    api_key_id: strawberry.ID | None = described("The key it was made with.")
    company_id: strawberry.ID | None = described("The company that pays.")
    subscription_id: strawberry.ID | None = described("The plan it belongs to.")
