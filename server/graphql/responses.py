"""Answers within their bound, or the error that stands in their place."""

from typing import Any

from graphql import OperationType, parse

from schema.context import RequestContext
from server.graphql.document_limits import operation_named
from server.graphql.encoding import encode_answer
from server.graphql.errors import format_store_error
from server.http.bodies import GraphQLRequest
from store.response_size import ResponseTooLargeError, too_large


def bounded_answer(
    body: dict[str, Any], context: RequestContext, asked: GraphQLRequest | None = None
) -> bytes:
    """Return the JSON of an answer; where it is too large, that of the error.

    ``asked`` is what was executed, if that can have been a mutation.
    """
    try:
        return encode_answer(body, context.store.config.answers.bytes)
    except ResponseTooLargeError:
        return excess_answer(context, asked)


def excess_answer(context: RequestContext, asked: GraphQLRequest | None = None) -> bytes:
    """Return the answer in place of one that is too large, or for which too much was read."""
    limit = context.store.config.answers.bytes
    error = too_large(
        limit,
        has_read_too_much=context.has_read_too_much,
        was_executed=asked is not None and is_mutation(asked),
    )
    return encode_answer({"data": None, "errors": [format_store_error(error)]})


def is_mutation(asked: GraphQLRequest) -> bool:
    """Return whether a document that was executed may have changed something."""
    operation = operation_named(parse(asked.query), asked.operation_name)
    return operation is not None and operation.operation is OperationType.MUTATION
