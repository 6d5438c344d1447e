"""Define tenancy labels, as callers send them and as records show them."""

import strawberry

from schema.hydration import described


@strawberry.input(description="Labels of the caller. Omitted labels are filled from the API key.")
class LabelsInput:
    organization_id: strawberry.ID | None = described("Organization id.", default=None)
    namespace_id: strawberry.ID | None = described("Namespace id.", default=None)
    workspace_id: strawberry.ID | None = described("Workspace id.", default=None)
    user_id: strawberry.ID | None = described("User id.", default=None)
    developer_id: strawberry.ID | None = described("Developer id.", default=None)
    api_key_id: strawberry.ID | None = described("API key label.", default=None)
    company_id: strawberry.ID | None = described("Company id.", default=None)
    subscription_id: strawberry.ID | None = described("Subscription id.", default=None)


@strawberry.interface(description="A record with tenancy labels.")
class Labelled:
    organization_id: strawberry.ID = described("Organization id.")
    namespace_id: strawberry.ID | None = described("Namespace id.")
    workspace_id: strawberry.ID | None = described("Workspace id.")
    user_id: strawberry.ID | None = described("User id.")
    developer_id: strawberry.ID | None = described("Developer id.")
    api_key_id: strawberry.ID | None = described("API key label.")
    company_id: strawberry.ID | None = described("Company id.")
    subscription_id: strawberry.ID | None = described("Subscription id.")
