"""A3: the operation type is inferred from route and method where it is not given."""

import pytest

from trackstore.operation_types import infer_operation_type
from trackstore.route_names import path_name, template_name

INFERRED = [
    ("POST", "v1/memory", "add_memory"),
    ("POST", "v1/memory/batch", "add_memory_batch"),
    ("PUT", "v1/memory/{memory_id}", "update_memory"),
    ("PATCH", "v1/memories/{memory_id}", "update_memory"),
    ("DELETE", "v1/memory/{memory_id}", "delete_memory"),
    ("DELETE", "v1/memory/all", "delete_all_memories"),
    ("DELETE", "v1/memories/all", "delete_all_memories"),
    ("GET", "v1/memory/{memory_id}", "get_memory"),
    ("GET", "v1/memory", "get_memory"),
    ("GET", "v1/memories", "list_memories"),
    ("POST", "v1/memory/search", "search_memory"),
    ("GET", "api/v2/memories/search", "search_memory"),
    ("POST", "v1/user", "create_user"),
    ("GET", "v1/users", "list_users"),
    ("get", "v1/users/{id}", "get_user"),
    ("PUT", "v1/users/{id}", "update_user"),
    ("POST", "v1/users/batch", "create_user_batch"),
    ("GET", "v1/search", "search"),
    ("POST", "v1/chat-sessions/{id}/messages", "create_message"),
    ("GET", "v1/addresses", "list_addresses"),
    ("GET", "v1/status", "get_status"),
    ("GET", "/", "get_root"),
    ("", "chat", "chat"),
    ("GET", "v1/memory/:memory_id", "get_memory"),
    ("GET", "v1/memories/42", "get_memory"),
    ("DELETE", "/v1/memory/0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f?hard=1", "delete_memory"),
    ("PUT", "v1/memory/507f1f77bcf86cd799439011", "update_memory"),
    ("POST", "v1/oauth2-token-exchange", "create_oauth2_token_exchange"),
    ("PURGE", "v1/memory", "purge_memory"),
]


@pytest.mark.parametrize(("method", "route", "expected"), INFERRED)
def test_a3_the_type_is_read_from_route_and_method(method: str, route: str, expected: str) -> None:
    assert infer_operation_type(method, route) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("/v1/memory/{memory_id}", "v1/memory/{memory_id}"),
        ("/v1/memory/<memory_id>", "v1/memory/{memory_id}"),
        ("/v1/memory/<int:memory_id>/", "v1/memory/{memory_id}"),
        ("/files/{path:path}", "files/{path}"),
        ("/pages/<any(about, help):page>", "pages/{page}"),
        ("/", "/"),
    ],
)
def test_templates_of_all_frameworks_are_written_alike(template: str, expected: str) -> None:
    assert template_name(template) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/memory", "v1/memory"),
        ("/v1/memory/51/", "v1/memory/{id}"),
        ("/v1/memory/mem_51", "v1/memory/{id}"),
        ("/v1/memory/01a1f84a-95c0-7000-8000-000000000002", "v1/memory/{id}"),
        ("/v1/memory/01ARZ3NDEKTSV4RRFFQ69G5FAV", "v1/memory/{id}"),
        ("/v1/memory/507f1f77bcf86cd799439011?full=1", "v1/memory/{id}"),
        ("/v1/users/a.user@example.com/memory", "v1/users/{id}/memory"),
        ("/v1/add_memory_v1/memory_v1/batch", "v1/add_memory_v1/memory_v1/batch"),
        ("/api/v2.1/decade/facade", "api/v2.1/decade/facade"),
        ("", "/"),
    ],
)
def test_ids_are_taken_out_of_raw_paths(path: str, expected: str) -> None:
    assert path_name(path) == expected


def test_ids_stay_by_choice() -> None:
    assert path_name("/v1/memory/mem_51", keep_ids=True) == "v1/memory/mem_51"
