"""The renderer of each company fails now and then: its circuit breaker opens, tries and closes."""

from cli.demo import names
from cli.demo.scene import Actor, Company, Scene

FIRST_OUTAGE = (6.0, 12.0)
"""Seconds until the first one: early, so that a short demonstration shows one."""
BETWEEN = (45.0, 120.0)
REPORT_SECONDS = 4.0
FAILING_CALLS = (9, 20)
USUAL_CALLS = (8, 16)


def renderer(scene: Scene, company: Company) -> Actor:
    """For ever: a good time, an outage, and the way back."""
    until = scene.now + scene.chance.uniform(*FIRST_OUTAGE)
    _report(scene, company, "CLOSED", "calls go through")
    while True:
        while scene.now < until:
            yield min(REPORT_SECONDS, max(0.1, until - scene.now))
            company.calls += scene.chance.randint(*USUAL_CALLS)  # those of other programs
            _report(scene, company, "CLOSED", "calls go through")
        company.renderer_works = False
        yield scene.chance.uniform(1.5, 3)
        failed = scene.chance.randint(*FAILING_CALLS)
        company.calls += failed
        company.failures += failed
        scene.count("outages")
        _report(scene, company, "OPEN", f"{failed} calls failed one after another")
        yield scene.chance.uniform(5, 9)
        company.renderer_works = True
        _report(scene, company, "HALF_OPEN", "one call is let through")
        yield scene.chance.uniform(1, 2.5)
        company.calls += 1
        _report(scene, company, "CLOSED", "the renderer answers again")
        until = scene.now + scene.chance.uniform(*BETWEEN)


def _report(scene: Scene, company: Company, state: str, message: str) -> None:
    company.breaker = state
    scene.send(
        "circuitBreaker",
        name=names.BREAKER,
        state=state,
        totalCalls=company.calls,
        totalFailures=company.failures,
        message=message,
        organizationId=company.name,
        occurredAt=scene.time(),
    )
