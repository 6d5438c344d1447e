"""Builds the row of an operation that is plainly in order, in a few microseconds.

What is not plainly in order (a long or odd text, nested attributes, anything wrong) is left to
``prepare``, which looks at every value by itself and can say what is wrong with it. Both give the
same row; a differential test holds them against each other.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from models.operation_fields import MAX_TOKENS, MAX_UNITS
from models.types import EPOCH, session_key
from store.auth.access import LabelDefaults, Principal
from store.ids import LAST_MILLISECOND, MILLISECOND
from store.operations.columns import AT, WIDTH
from store.operations.drafts import ApiCallDraft, LlmCallDraft, OperationDraft, ToolUseDraft
from store.pricing.token_counts import input_with_cache, parts_fit
from store.validation import EARLIEST, FUTURE, LONG_MAX, InputBounds

UUID7_BITS = 0x7 << 14 | 0x2
"""Version and variant of a UUIDv7 where the twelve bits between them are cleared."""
MAX_FAST_PATH_MEMBERS = 40
"""Members of a flat JSON object that is looked at here."""
MAX_ESCAPED_BYTES_PER_CHAR = 6
"""Bytes a character can take in JSON, at most, as far as printable text goes: \\uXXXX."""
MAX_NUMBER_CHARS = 30
"""Bytes of the longest number in JSON, with its key's quotes, a colon and a comma."""
MAX_FLOAT = 1e300
KEY_WIDTH = 3
"""The primary key stands first: organization, time, id."""
Row = list[Any]

# region generated: positions
OCCURRED_AT = AT["occurred_at"]
RECORDED_AT = AT["recorded_at"]
KIND = AT["kind"]
NAME = AT["name"]
ID = AT["id"]
OPERATION_TYPE = AT["operation_type"]
OUTCOME = AT["outcome"]
ERROR = AT["error"]
DURATION_MS = AT["duration_ms"]
SESSION_ID = AT["session_id"]
REQUEST_ID = AT["request_id"]
STAGE = AT["stage"]
CORRELATION_ID = AT["correlation_id"]
TRACE_ID = AT["trace_id"]
CLIENT = AT["client"]
ROUTE = AT["route"]
METHOD = AT["method"]
STATUS_CODE = AT["status_code"]
IP_ADDRESS = AT["ip_address"]
USER_AGENT = AT["user_agent"]
BATCH_SIZE = AT["batch_size"]
RESOURCE_ID = AT["resource_id"]
TOOL_NAME = AT["tool_name"]
OPERATION_MODE = AT["operation_mode"]
FILE_PATH = AT["file_path"]
PARAMETERS = AT["parameters"]
TOKENS_ORIGINAL = AT["tokens_original"]
TOKENS_ACTUAL = AT["tokens_actual"]
TOKENS_PREVENTED = AT["tokens_prevented"]
PROVIDER = AT["provider"]
MODEL = AT["model"]
INPUT_TOKENS = AT["input_tokens"]
OUTPUT_TOKENS = AT["output_tokens"]
CACHED_INPUT_TOKENS = AT["cached_input_tokens"]
CACHE_WRITE_INPUT_TOKENS = AT["cache_write_input_tokens"]
REASONING_TOKENS = AT["reasoning_tokens"]
AUDIO_INPUT_TOKENS = AT["audio_input_tokens"]
AUDIO_OUTPUT_TOKENS = AT["audio_output_tokens"]
PRICE_STATUS = AT["price_status"]
CACHE_HIT = AT["cache_hit"]
INTERACTION_TYPE = AT["interaction_type"]
UNITS = AT["units"]
COUNTS_AGAINST_LIMITS = AT["counts_against_limits"]
FURTHER_INTERACTIONS = AT["further_interactions"]
COST_BASELINE = AT["cost_baseline"]
COST_ACTUAL = AT["cost_actual"]
COST_SAVED = AT["cost_saved"]
ATTRIBUTES = AT["attributes"]
FEED_POSITION = AT["feed_position"]
# endregion
ORGANIZATION, NAMESPACE = AT["organization_id"], AT["namespace_id"]
WORKSPACE, API_KEY = AT["workspace_id"], AT["api_key_id"]
USER, DEVELOPER = AT["user_id"], AT["developer_id"]
COMPANY, SUBSCRIPTION = AT["company_id"], AT["subscription_id"]


class FastPathPreparer:
    def __init__(
        self, principal: Principal, bounds: InputBounds, now: datetime, make_id: Callable[[], UUID]
    ) -> None:
        self._defaults = defaults = LabelDefaults.of(principal)
        self._bounds = principal.bounds
        self._name, self._text = bounds.label_length, bounds.text_length
        self._defaults_are_plain = self._are_names(
            (
                defaults.organization_id,
                defaults.namespace_id,
                defaults.workspace_id,
                defaults.api_key_id,
            )
        )
        self._json_bytes = bounds.json_bytes
        self._now = now
        self._latest = now + FUTURE
        self._make_id = make_id

    def row(self, draft: OperationDraft) -> Row | None:
        """Build the row; return None if the draft needs full validation."""
        row: Row = [None] * WIDTH
        if not (self._defaults_are_plain and self._labels(draft, row)):
            return None
        if not self._common(draft, row):
            return None
        row[RECORDED_AT] = self._now
        row[KIND], row[OUTCOME] = draft.kind.value, draft.outcome.value
        session = row[SESSION_ID]
        if session is not None:
            row[SESSION_ID] = session_key(session)
        if draft.interactions:
            return None
        if draft.interaction is not None and not self._interaction(draft.interaction, row):
            return None
        # The identity last: no id is drawn for a draft that is left to the close look.
        return row if self._parts(draft, row) and self._identity(draft, row) else None

    def _identity(self, draft: OperationDraft, row: Row) -> bool:
        id, at = draft.id, draft.occurred_at
        if id is None:
            at = self._now if at is None else at
        elif at is None:
            bits = id.int
            if (bits >> 62) & 0x3C003 != UUID7_BITS or bits >> 80 > LAST_MILLISECOND:
                return False
            at = EPOCH + (bits >> 80) * MILLISECOND
        if at.tzinfo is None or not EARLIEST <= at <= self._latest:
            return False
        # Only what lies within these has the same instant in UTC: others may be before year 1.
        row[OCCURRED_AT] = at if at.tzinfo is UTC else at.astimezone(UTC)
        row[ID] = self._make_id() if id is None else id
        return True

    def _labels(self, draft: OperationDraft, row: Row) -> bool:
        labels, defaults = draft.labels, self._defaults
        if labels is None:
            organization, namespace, workspace, key = (
                defaults.organization_id, defaults.namespace_id, defaults.workspace_id, defaults.api_key_id,
            )  # fmt: skip
        else:
            organization, namespace = labels.organization_id, labels.namespace_id
            workspace, key = labels.workspace_id, labels.api_key_id
            others = (
                labels.user_id, labels.developer_id, labels.company_id, labels.subscription_id,
            )  # fmt: skip
            limit = self._name
            for text in (organization, namespace, workspace, key, *others):
                if text is not None and not (0 < len(text) <= limit and text.isprintable()):
                    return False
            row[USER], row[DEVELOPER], row[COMPANY], row[SUBSCRIPTION] = others
            organization = defaults.organization_id if organization is None else organization
            namespace = defaults.namespace_id if namespace is None else namespace
            workspace = defaults.workspace_id if workspace is None else workspace
            key = defaults.api_key_id if key is None else key
        bounds = self._bounds
        if organization is None or bounds.organization_id not in (None, organization):
            return False
        if bounds.namespace_id not in (None, namespace):
            return False
        if bounds.workspace_id not in (None, workspace):
            return False
        row[ORGANIZATION], row[NAMESPACE] = organization, namespace
        row[WORKSPACE], row[API_KEY] = workspace, key
        return True

    def _parts(self, draft: OperationDraft, row: Row) -> bool:
        api, tool, llm = draft.api, draft.tool, draft.llm
        if api is not None and not self._api(api, row):
            return False
        if tool is not None and not self._tool(tool, row):
            return False
        return llm is None or self._llm(llm, row)

    def _common(self, draft: OperationDraft, row: Row) -> bool:
        # region generated: fast_path COMMON
        names = (
            draft.name,
            draft.operation_type,
            draft.session_id,
            draft.stage,
            draft.correlation_id,
            draft.trace_id,
            draft.client,
        )
        texts = (draft.error,)
        if not (self._are_names(names) and self._are_texts(texts)):
            return False
        duration_ms = draft.duration_ms
        attributes = draft.attributes
        if not (
            (duration_ms is None or 0 <= duration_ms <= 1000000000000.0)
            and (attributes is None or self._is_on_fast_path(attributes))
        ):
            return False
        (
            row[NAME],
            row[OPERATION_TYPE],
            row[SESSION_ID],
            row[STAGE],
            row[CORRELATION_ID],
            row[TRACE_ID],
            row[CLIENT],
        ) = names
        (row[ERROR],) = texts
        row[DURATION_MS] = None if duration_ms is None else float(duration_ms)
        row[ATTRIBUTES] = attributes
        row[REQUEST_ID] = draft.request_id
        row[CACHE_HIT] = draft.cache_hit
        # endregion
        return True

    def _api(self, draft: ApiCallDraft, row: Row) -> bool:
        # region generated: fast_path API
        names = (draft.method, draft.ip_address, draft.resource_id)
        texts = (draft.route, draft.user_agent)
        if not (self._are_names(names) and self._are_texts(texts)):
            return False
        status_code = draft.status_code
        batch_size = draft.batch_size
        if not (
            (status_code is None or 100 <= status_code <= 599)
            and (batch_size is None or 0 <= batch_size <= 1000000000)
        ):
            return False
        (row[METHOD], row[IP_ADDRESS], row[RESOURCE_ID]) = names
        (row[ROUTE], row[USER_AGENT]) = texts
        row[STATUS_CODE] = status_code
        row[BATCH_SIZE] = batch_size
        # endregion
        return True

    def _tool_fields(self, draft: ToolUseDraft, row: Row) -> bool:
        # region generated: fast_path TOOL
        names = (draft.tool_name, draft.operation_mode)
        texts = (draft.file_path,)
        if not (self._are_names(names) and self._are_texts(texts)):
            return False
        parameters = draft.parameters
        if not (parameters is None or self._is_on_fast_path(parameters)):
            return False
        (row[TOOL_NAME], row[OPERATION_MODE]) = names
        (row[FILE_PATH],) = texts
        row[PARAMETERS] = parameters
        # endregion
        return True

    def _llm_fields(self, draft: LlmCallDraft, row: Row) -> bool:
        # region generated: fast_path LLM
        names = (draft.provider, draft.model)
        if not (self._are_names(names)):
            return False
        (row[PROVIDER], row[MODEL]) = names
        # endregion
        return True

    def _tool(self, tool: ToolUseDraft, row: Row) -> bool:
        before, after = tool.tokens_original, tool.tokens_actual
        if tool.tokens_prevented is not None or not are_tokens((before, after)):
            return False
        if not self._tool_fields(tool, row):
            return False
        row[TOKENS_ORIGINAL], row[TOKENS_ACTUAL] = before, after
        if before is not None and after is not None:
            row[TOKENS_PREVENTED] = before - after
        return True

    def _llm(self, llm: LlmCallDraft, row: Row) -> bool:
        # Long texts are looked at closely: they are too long for anything else to matter.
        if llm.message is not None or llm.response is not None:
            return False
        read, cached, written = (
            llm.input_tokens, llm.cached_input_tokens, llm.cache_write_input_tokens,
        )  # fmt: skip
        if llm.input_tokens_exclude_cache:
            if not are_tokens((read, cached, written)):
                return False
            read = input_with_cache(read, cached, written)
        counts = (
            read, llm.output_tokens, cached, written, llm.reasoning_tokens,
            llm.audio_input_tokens, llm.audio_output_tokens,
        )  # fmt: skip
        if not (are_tokens(counts) and parts_fit(counts) and self._llm_fields(llm, row)):
            return False
        row[INPUT_TOKENS], row[OUTPUT_TOKENS], row[CACHED_INPUT_TOKENS] = counts[:3]
        row[CACHE_WRITE_INPUT_TOKENS], row[REASONING_TOKENS] = counts[3:5]
        row[AUDIO_INPUT_TOKENS], row[AUDIO_OUTPUT_TOKENS] = counts[5:]
        return True

    def _interaction(self, use: Any, row: Row) -> bool:
        if not (self._are_names((use.type,)) and 1 <= use.units <= MAX_UNITS):
            return False
        row[INTERACTION_TYPE], row[UNITS] = use.type, use.units
        row[COUNTS_AGAINST_LIMITS] = use.counts_against_limits
        return True

    def _are_names(self, texts: tuple[str | None, ...]) -> bool:
        limit = self._name
        for text in texts:
            if text is not None and not (0 < len(text) <= limit and text.isprintable()):
                return False
        return True

    def _are_texts(self, texts: tuple[str | None, ...]) -> bool:
        limit = self._text
        for text in texts:
            if text is not None and not (len(text) <= limit and text.isprintable()):
                return False
        return True

    def _is_on_fast_path(self, value: Any) -> bool:
        if type(value) is not dict or len(value) > MAX_FAST_PATH_MEMBERS:
            return False
        size = 2
        for key, member in value.items():
            if type(key) is not str or not key.isprintable():
                return False
            size += len(key) * MAX_ESCAPED_BYTES_PER_CHAR + MAX_NUMBER_CHARS
            if type(member) is str:
                if not member.isprintable():
                    return False
                size += len(member) * MAX_ESCAPED_BYTES_PER_CHAR
            elif not is_fast_path_member(member):
                return False
        return size <= self._json_bytes


def is_fast_path_member(member: Any) -> bool:
    kind = type(member)
    if kind is int:
        return bool(-LONG_MAX <= member <= LONG_MAX)
    if kind is float:
        return bool(-MAX_FLOAT < member < MAX_FLOAT)
    return member is None or kind is bool


def are_tokens(counts: tuple[int | None, ...]) -> bool:
    return all([count is None or 0 <= count <= MAX_TOKENS for count in counts])  # noqa: C419  # a generator takes twice as long
