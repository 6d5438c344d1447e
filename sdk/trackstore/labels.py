"""Labels of entries: those that calls may carry, and the defaults of a tracker."""

from collections.abc import Mapping
from typing import Any, TypedDict
from uuid import UUID

from trackstore.entries import Labels


class LabelArguments(TypedDict, total=False):
    """Labels of a call. Unset ones come from the tracker, then from the API key."""

    organization_id: str | None
    namespace_id: str | None
    workspace_id: str | None
    user_id: str | None
    developer_id: str | None
    api_key_id: str | None
    company_id: str | None
    subscription_id: str | None


class RequestArguments(LabelArguments, total=False):
    metadata: Mapping[str, Any] | None


class SessionArguments(LabelArguments, total=False):
    metadata: Mapping[str, Any] | None
    session_id: UUID | str | None
    tool_id: str | None
    client_type: str | None


LABELS = (
    "organization_id", "namespace_id", "workspace_id", "user_id",
    "developer_id", "api_key_id", "company_id", "subscription_id",
)  # fmt: skip


class LabelDefaults:
    labels: Labels | None = None
    """Default labels of everything recorded here."""

    def labels_with(self, labels: Mapping[str, Any]) -> Labels | None:
        """Merge labels with the defaults; None without any.

        Raises ``TypeError`` for an unknown label.
        """
        if not labels:
            return self.labels
        if self.labels is None:
            return Labels(**labels)
        known = {label: getattr(self.labels, label) for label in LABELS}
        return Labels(**known | {label: v for label, v in labels.items() if v is not None})
