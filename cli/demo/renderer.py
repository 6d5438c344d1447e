"""The video renderer of each organization, which fails now and then and opens its circuit breaker."""

from cli.demo import sample_data
from cli.demo.simulation import Actor, DemoOrganization, Simulation

FIRST_OUTAGE_SECONDS = (6.0, 12.0)
"""Time until the first outage: early, so that a short demo shows one."""
OUTAGE_INTERVAL_SECONDS = (45.0, 120.0)
REPORT_SECONDS = 4.0
FAILING_CALLS = (9, 20)
USUAL_CALLS = (8, 16)


def renderer(simulation: Simulation, organization: DemoOrganization) -> Actor:
    until = simulation.now + simulation.random.uniform(*FIRST_OUTAGE_SECONDS)
    _report(simulation, organization, "CLOSED", "calls go through")
    while True:
        while simulation.now < until:
            yield min(REPORT_SECONDS, max(0.1, until - simulation.now))
            organization.calls += simulation.random.randint(*USUAL_CALLS)  # those of other programs
            _report(simulation, organization, "CLOSED", "calls go through")
        organization.renderer_works = False
        yield simulation.random.uniform(1.5, 3)
        failed = simulation.random.randint(*FAILING_CALLS)
        organization.calls += failed
        organization.failures += failed
        simulation.count("outages")
        _report(simulation, organization, "OPEN", f"{failed} calls failed one after another")
        yield simulation.random.uniform(5, 9)
        organization.renderer_works = True
        _report(simulation, organization, "HALF_OPEN", "one trial call is allowed")
        yield simulation.random.uniform(1, 2.5)
        organization.calls += 1
        _report(simulation, organization, "CLOSED", "the renderer answers again")
        until = simulation.now + simulation.random.uniform(*OUTAGE_INTERVAL_SECONDS)


def _report(
    simulation: Simulation, organization: DemoOrganization, state: str, message: str
) -> None:
    organization.breaker = state
    simulation.send(
        "circuitBreaker",
        name=sample_data.BREAKER,
        state=state,
        totalCalls=organization.calls,
        totalFailures=organization.failures,
        message=message,
        organizationId=organization.name,
        occurredAt=simulation.time(),
    )
