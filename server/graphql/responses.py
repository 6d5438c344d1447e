"""Bound the size of answers, or return an error in their place."""

from typing import Any

from graphql import OperationType, parse

from schema.context import RequestContext
from server.graphql.encoding import encode_answer
from server.graphql.errors import format_store_error
from server.graphql.operations import operation_named
from server.http.bodies import GraphQLRequest
from store.response_size import ResponseTooLargeError, too_large


def bounded_answer(
    body: dict[str, Any], context: RequestContext, request: GraphQLRequest | None = None
) -> bytes:
    """Return the JSON of an answer, or of an error if it is too large.

    ``request`` is what was executed, if it may have been a mutation.
    """
    try:
        return encode_answer(body, context.store.config.answers.bytes)
    except ResponseTooLargeError:
        return excess_answer(context, request)


def excess_answer(context: RequestContext, request: GraphQLRequest | None = None) -> bytes:
    limit = context.store.config.answers.bytes
    error = too_large(
        limit,
        has_read_too_much=context.has_read_too_much,
        was_executed=request is not None and is_mutation(request),
    )
    return encode_answer({"data": None, "errors": [format_store_error(error)]})


def is_mutation(request: GraphQLRequest) -> bool:
    operation = operation_named(parse(request.query), request.operation_name)
    return operation is not None and operation.operation is OperationType.MUTATION
