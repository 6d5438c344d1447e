"""Group the limits on the work of one operation, over any transport."""

from dataclasses import dataclass

from server.graphql.call_scheduler import CallScheduler
from server.graphql.deadlines import Deadlines
from server.graphql.document_limits import Costs


@dataclass(frozen=True, slots=True)
class ExecutionLimits:
    scheduler: CallScheduler
    costs: Costs
    deadlines: Deadlines
