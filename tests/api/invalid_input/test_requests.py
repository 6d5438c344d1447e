"""Commands to requests and stages that are unknown, out of order, late, or make no sense."""

import pytest

from store.ids import new_id
from tests.api.invalid_input.batches import ingest
from tests.support.api import Api, Json

READ = """query ($id: UUID!) { request(id: $id) { status progress lastSeq errorStage
    stages { name status attempt progress attempts { attempt status } }
    events { totalCount nodes { seq type stage } } } }"""


class Commands:
    """Commands to one request, sent in batches."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.id = str(new_id())

    def create(self, **said: object) -> Json:
        """The request with the stages a and b."""
        stages = [{"name": "a", "maxAttempts": 1}, {"name": "b"}]
        return {"createRequest": {"id": self.id, "type": "t", "stages": stages, **said}}

    def to(self, command: str, stage: str | None = None, **said: object) -> Json:
        """A command to the request, or to one of its stages."""
        named = {} if stage is None else {"stage": stage}
        return {command: {"requestId": self.id, **named, **said}}

    async def send(self, *entries: Json) -> list[tuple[str, str | None]]:
        """Status and code of every entry."""
        payload = await ingest(self.api, *entries)
        return [(r["status"], r["code"]) for r in payload["results"]]

    async def say(self, entry: Json) -> str:
        """What is said of an entry that is refused."""
        (result,) = (await ingest(self.api, entry))["results"]
        assert result["status"] == "REJECTED"
        message: str = result["message"]
        return message

    async def read(self) -> Json:
        """The request."""
        found: Json = (await self.api(READ, {"id": self.id}))["request"]
        return found


ACCEPTED, DUPLICATE = ("ACCEPTED", None), ("DUPLICATE", None)
UNKNOWN, ILLEGAL = ("REJECTED", "NOT_FOUND"), ("REJECTED", "INVALID_TRANSITION")
BAD = ("REJECTED", "BAD_USER_INPUT")


@pytest.fixture
def commands(api: Api) -> Commands:
    """A request that is not created yet."""
    return Commands(api)


async def test_requests_and_stages_that_are_unknown(commands: Commands) -> None:
    c = commands
    everything = [
        c.to("startRequest"),
        c.to("startStage", "a"),
        c.to("progressStage", "a"),
        c.to("completeStage", "a"),
        c.to("failStage", "a", message="m"),
        c.to("retryStage", "a"),
        c.to("logEvent", type="t"),
        c.to("completeRequest"),
        c.to("failRequest", message="m"),
        c.to("cancelRequest"),
    ]
    assert await c.send(*everything) == [UNKNOWN] * 10
    assert c.id in await c.say(everything[0])
    of_stages = [c.to(name, "zz", **said) for name, said in (
        ("progressStage", {}), ("completeStage", {}), ("failStage", {"message": "m"}),
        ("retryStage", {}),
    )]  # fmt: skip
    assert await c.send(c.create(), *of_stages) == [ACCEPTED, *[UNKNOWN] * 4]
    assert "no stage 'zz'; it has: a, b" in await c.say(of_stages[0])
    assert (await c.read())["lastSeq"] == 1


async def test_a_command_before_its_request_finds_none(commands: Commands) -> None:
    c = commands
    answers = await c.send(c.to("startStage", "a"), c.create(), c.to("startStage", "b"))
    assert answers == [UNKNOWN, ACCEPTED, ACCEPTED]
    request = await c.read()
    assert [e["type"] for e in request["events"]["nodes"]] == [
        "request.created", "request.started", "stage.started",
    ]  # fmt: skip
    assert [(s["status"], len(s["attempts"])) for s in request["stages"]] == [
        ("PENDING", 0), ("RUNNING", 1),
    ]  # fmt: skip


async def test_transitions_that_are_not_legal(commands: Commands) -> None:
    c = commands
    assert await c.send(
        c.create(),
        c.to("retryRequest"),
        c.to("retryStage", "a"),
        c.to("startStage", "a", attempt=2),
        c.to("startStage", "a"),
        c.to("completeStage", "a", attempt=2),
        c.to("failStage", "a", message="m"),
        c.to("startStage", "a"),
        c.to("retryStage", "a"),
        c.to("completeStage", "a"),
        c.to("startStage", "b"),
        c.to("retryStage", "b"),
        c.to("failStage", "b", message="m", retryable=False),
        c.to("retryStage", "b"),
    ) == [
        ACCEPTED,
        ILLEGAL,  # a request that waits has nothing to retry
        ILLEGAL,  # nor has a stage
        ILLEGAL,  # nor an attempt 2
        ACCEPTED,
        ILLEGAL,
        ACCEPTED,
        ILLEGAL,  # who starts a failed stage wants to retry it
        ILLEGAL,  # its only attempt is used
        DUPLICATE,
        ACCEPTED,
        ILLEGAL,
        ACCEPTED,
        ILLEGAL,
    ]  # fmt: skip
    assert "retry it instead (retryStage)" in await c.say(c.to("startStage", "a"))
    assert "failed in all of its 1 attempts" in await c.say(c.to("retryStage", "a"))
    assert "not retryable" in await c.say(c.to("retryStage", "b"))
    request = await c.read()
    numbers = [e["seq"] for e in request["events"]["nodes"]]
    assert numbers == list(range(1, 7))  # refused commands leave no gap
    assert request["lastSeq"] == request["events"]["totalCount"] == 6


@pytest.mark.parametrize(
    ("end", "state"),
    [
        (("completeRequest", {}), "COMPLETED"),
        (("failRequest", {"message": "m"}), "FAILED"),
        (("cancelRequest", {}), "CANCELLED"),
    ],
)
async def test_nothing_moves_a_request_that_has_ended(
    commands: Commands, end: tuple[str, Json], state: str
) -> None:
    c = commands
    start = [c.create(), c.to("startStage", "a"), c.to(end[0], **end[1])]
    assert await c.send(*start) == [ACCEPTED] * 3
    ended = await c.read()
    assert ended["status"] == state
    late = [
        c.to("startRequest"),
        c.to("startStage", "a"),
        c.to("startStage", "new"),
        c.to("progressStage", "a", fraction=0.9),
        c.to("completeStage", "a"),
        c.to("failStage", "a", message="late"),
        c.to("completeRequest", result={"late": 1}),
        c.to("failRequest", message="late"),
        c.to("cancelRequest", reason="late"),
        c.create(),
    ]
    assert await c.send(*late) == [DUPLICATE] * len(late)
    if state != "FAILED":
        assert await c.send(c.to("retryStage", "a"), c.to("retryRequest")) == [ILLEGAL] * 2
    assert await c.read() == ended
    assert await c.send(c.to("logEvent", type="post.mortem")) == [ACCEPTED]


async def test_values_of_commands(commands: Commands) -> None:
    c = commands
    cases = [
        (c.to("progressStage", "a", fraction=1.5), "fraction: 1.5 is not a finite number"),
        (c.to("progressStage", "a", fraction=-0.1), "at least 0 and at most 1"),
        (c.to("progressStage", "a", done=-1), "done: -1 is not from 0 to"),
        (c.to("progressStage", "a", total=-1), "total: -1 is not from 0 to"),
        (c.to("progressStage", "a", done=2**63 - 1), "done: "),
        (c.to("progressStage", "a", attempt=0), "attempt: 0 is not from 1 to"),
        (c.to("progressStage", "a", attempt=-(2**31)), "attempt: "),
        (c.to("completeStage", ""), "stage: is empty"),
        (c.to("logEvent", type=""), "type: is empty"),
        (c.to("logEvent", type="request.completed"), "type: begins like the events that"),
        (c.to("logEvent", type="stage.mine"), "type: begins like the events that"),
        (c.to("startRequest", occurredAt="1999-01-01T00:00:00Z"), "occurredAt: 1999-01-01"),
        (c.to("cancelRequest", occurredAt="2999-01-01T00:00:00Z"), "occurredAt: 2999-01-01"),
    ]
    sent = [c.create(), c.to("startStage", "a"), *(entry for entry, _ in cases)]
    assert await c.send(*sent) == [ACCEPTED, ACCEPTED, *[BAD] * len(cases)]
    for entry, message in cases:
        assert message in await c.say(entry)
    more = c.to("progressStage", "a", done=50, total=20)
    assert await c.send(more) == [ACCEPTED]  # more than expected is still all
    assert (await c.read())["stages"][0]["progress"] == 1


async def test_plans_that_make_no_sense(commands: Commands) -> None:
    c = commands
    for stages, message in (
        ([{"name": "a"}, {"name": "b"}, {"name": "a"}], "stages.2.name: 'a' is planned twice"),
        ([{"name": "a\0"}, {"name": "a\ufffd"}], "stages.1.name: 'a\ufffd' is planned twice"),
        ([{"name": ""}], "stages.0.name: is empty"),
        ([{"name": "a", "weight": -1}], "stages.0.weight: -1.0 is not a finite number"),
        ([{"name": "a", "weight": 1e300}], "stages.0.weight: "),
        ([{"name": "a", "maxAttempts": 0}], "stages.0.maxAttempts: 0 is not from 1 to"),
        ([{"name": "a", "maxAttempts": 2**31 - 1}], "stages.0.maxAttempts: "),
        ([{"name": f"s{i}"} for i in range(201)], "stages: 201 stages, at most 200"),
    ):
        assert message in await c.say(c.create(stages=stages))
    weightless = [{"name": "a", "weight": 0}, {"name": "b", "weight": 0}]
    done = [c.create(stages=weightless), c.to("startStage", "a"), c.to("completeStage", "a")]
    assert await c.send(*done) == [ACCEPTED] * 3
    assert (await c.read())["progress"] == 0.5  # all weigh the same
    await c.send(c.to("completeRequest"))
    assert (await c.read())["progress"] == 1


async def test_a_repeated_event_id_changes_nothing(commands: Commands) -> None:
    c = commands
    id = str(new_id())
    event = c.to("logEvent", type="t", eventId=id)
    assert await c.send(c.create(), event, event, c.to("startRequest", eventId=id)) == [
        ACCEPTED, ACCEPTED, DUPLICATE, DUPLICATE,
    ]  # fmt: skip
    assert await c.send(event) == [DUPLICATE]
    assert (await c.read())["status"] == "PENDING"
    other = Commands(c.api)
    mine = other.to("logEvent", type="t", eventId=id)
    assert await other.send(other.create(), mine) == [ACCEPTED, ACCEPTED]


async def test_two_requests_in_one_batch_do_not_mind_each_other(api: Api) -> None:
    one, two = Commands(api), Commands(api)
    answers = await one.send(
        one.create(), two.to("startRequest"), two.create(), one.to("startStage", "a"),
        two.to("completeStage", "a"), one.to("completeStage", "a"), two.to("startStage", "b"),
        one.create(), two.to("cancelRequest"), one.to("completeRequest"),
    )  # fmt: skip
    assert answers == [
        ACCEPTED, UNKNOWN, ACCEPTED, ACCEPTED, ACCEPTED, ACCEPTED, ACCEPTED, DUPLICATE, ACCEPTED,
        ACCEPTED,
    ]  # fmt: skip
    assert (await one.read())["status"] == "COMPLETED"
    assert (await two.read())["status"] == "CANCELLED"
