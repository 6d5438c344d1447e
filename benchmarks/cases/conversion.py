"""Measure input conversion alone, in process: from the bytes of a bulk mutation to typed inputs."""

from functools import partial
from typing import Any

import msgspec
from graphql import DocumentNode, OperationDefinitionNode, parse
from graphql.execution.values import get_variable_values
from strawberry.types.arguments import convert_argument
from strawberry.types.base import StrawberryList

from benchmarks.bench import Bench
from benchmarks.contest import LoadContender
from benchmarks.load import Sender
from benchmarks.report import Section, contest_section
from benchmarks.requests import track_many
from benchmarks.workload import batches, inputs
from schema.operation_inputs import OperationInput
from server.fast_path.codecs import Codecs
from server.fast_path.pipeline import FastPath
from server.graphql.schema import TrackstoreSchema, build_schema

FAST, PLAIN, STOCK = "fast path", "msgspec.json.decode, same structs", "stock coercion"
NOTE = (
    "From the body of a mutation of {size:,} operations to what its resolver is given; one at a "
    "time, nothing else runs. p50 is milliseconds for {size:,} operations. The stock path is "
    "graphql-core's coercion of the variables and Strawberry's conversion of the argument."
)


class NotDecodedError(RuntimeError):
    pass


async def run(bench: Bench) -> list[Section]:
    size = bench.scale.batch
    document = track_many(size)

    def make(count: int) -> list[bytes]:
        # Repeated conversion costs the same, so a few bodies suffice.
        bodies = [document.body({"operations": inputs(c)}) for c in batches(4, size)]
        return [bodies[n % len(bodies)] for n in range(max(count, bench.scale.conversions))]

    schema = build_schema()
    contenders = [
        LoadContender(FAST, [fast_reader(document.text)], make, size),
        LoadContender(STOCK, [stock_reader(schema, parse(document.text))], make, size),
        LoadContender(PLAIN, [plain_reader(schema)], make, size),
    ]
    results = await bench.contest(contenders, PLAIN)
    note = NOTE.format(size=size)
    return [contest_section("Input conversion", note, "operations", results, {FAST: 1 / 3})]


def fast_reader(document: str) -> Sender:
    fast = FastPath()
    # Fails because the variable is missing, but caches the document.
    fast.schema.execute_sync(document)

    async def read(body: bytes) -> object:
        request = fast.read(body)
        if request is None:
            raise NotDecodedError("the fast path left a plain body to the stock path")
        return request

    return read


def plain_reader(schema: TrackstoreSchema) -> Sender:
    struct = Codecs(schema).struct_of(OperationInput)
    variables = msgspec.defstruct("Variables", [("operations", list[struct])], gc=False)  # type: ignore[valid-type]
    body = msgspec.defstruct("Body", [("query", str), ("variables", variables)], gc=False)
    decode = msgspec.json.Decoder(body).decode

    async def read(content: bytes) -> object:
        return decode(content)

    return read


def stock_reader(schema: TrackstoreSchema, document: DocumentNode) -> Sender:
    core = schema._schema  # Strawberry has no public accessor
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    definitions = list(operation.variable_definitions or ())
    convert: Any = partial(
        convert_argument,
        type_=StrawberryList(OperationInput),
        scalar_registry=schema.schema_converter.scalar_registry,
        config=schema.config,
    )

    async def read(content: bytes) -> object:
        raw = msgspec.json.decode(content)
        values: Any = get_variable_values(core, definitions, raw["variables"])
        return convert(values.coerced["operations"])

    return read
