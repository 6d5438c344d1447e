"""How much work one operation may make, whichever way it came."""

from dataclasses import dataclass

from server.graphql.deadlines import Deadlines
from server.graphql.document_limits import Costs
from server.graphql.fair_queue import Turns


@dataclass(frozen=True, slots=True)
class Work:
    """Who may have how much under way, what an operation costs, and how long it may take."""

    turns: Turns
    costs: Costs
    deadlines: Deadlines
