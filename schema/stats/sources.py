"""Create the types of the five sources."""

from schema.stats.types import types_of
from store.aggregation.sources import EVENTS, INTERACTIONS, OPERATIONS, REQUESTS, STAGES

OPERATION_STATS = types_of(OPERATIONS, "Operation")
REQUEST_STATS = types_of(REQUESTS, "Request")
STAGE_STATS = types_of(STAGES, "Stage")
EVENT_STATS = types_of(EVENTS, "Event")
INTERACTION_STATS = types_of(INTERACTIONS, "Interaction")
EVERY_STATS = (OPERATION_STATS, REQUEST_STATS, STAGE_STATS, EVENT_STATS, INTERACTION_STATS)
