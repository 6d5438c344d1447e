"""Assemble the root types Query and Mutation."""

import strawberry

from resolvers.about import AboutQueries
from resolvers.api_keys import ApiKeyMutations, ApiKeyQueries
from resolvers.circuit_breakers import CircuitBreakerMutations, CircuitBreakerQueries
from resolvers.feeds import FeedQueries
from resolvers.ingest import IngestMutations
from resolvers.interactions import InteractionQueries
from resolvers.limits import LimitMutations, LimitQueries
from resolvers.nodes import NodeQueries
from resolvers.operations import OperationMutations, OperationQueries
from resolvers.prices import PriceMutations, PriceQueries
from resolvers.reports import ReportQueries
from resolvers.requests import RequestMutations, RequestQueries
from resolvers.sessions import SessionMutations, SessionQueries
from resolvers.stages import StageMutations
from resolvers.stats import StatsQueries


@strawberry.type(description="All queries.")
class Query(
    NodeQueries,
    OperationQueries,
    StatsQueries,
    ReportQueries,
    RequestQueries,
    SessionQueries,
    FeedQueries,
    InteractionQueries,
    LimitQueries,
    CircuitBreakerQueries,
    PriceQueries,
    ApiKeyQueries,
    AboutQueries,
):
    pass


@strawberry.type(description="All mutations.")
class Mutation(
    OperationMutations,
    IngestMutations,
    SessionMutations,
    RequestMutations,
    StageMutations,
    LimitMutations,
    PriceMutations,
    CircuitBreakerMutations,
    ApiKeyMutations,
):
    pass
