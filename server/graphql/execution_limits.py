"""How much work one operation may make, whichever way it came."""

from dataclasses import dataclass

from server.graphql.call_scheduler import CallScheduler
from server.graphql.deadlines import Deadlines
from server.graphql.document_limits import Costs


@dataclass(frozen=True, slots=True)
class ExecutionLimits:
    """Who may have how much under way, what an operation costs, and how long it may take."""

    turns: CallScheduler
    costs: Costs
    deadlines: Deadlines
