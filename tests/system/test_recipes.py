"""Follow the recipes of CONTRIBUTING.md in a copy of the tree, and use what they add."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.house.checkout import PACKAGES, ROOT, files
from tests.support.recipes import apply

RECIPES = ("Add a measure", "Add a mutation", "Add a price rule")
SERVE = """
import asyncio, json, sys
import httpx
from server.app import create_app
from server.settings.model import load_settings

async def main():
    app = create_app(load_settings(database_url=sys.argv[1], access="open"))
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport) as http:
        for query in json.loads(sys.argv[2]):
            answer = await http.post("http://localhost/graphql", json={"query": query})
            print(answer.text)

asyncio.run(main())
"""
"""A server in this process, which answers some documents."""


class Copy:
    """A copy of what is installed, with the recipes applied."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for file in files():
            if file.parts[0] in PACKAGES or file == Path("pyproject.toml"):
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / file, folder / file)
        self.changed = {recipe: apply(recipe, folder) for recipe in RECIPES}

    def run(self, *arguments: str) -> str:
        """Run Python on the copy; fail with what it says unless it succeeds."""
        finished = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert finished.returncode == 0, f"{finished.stdout}\n{finished.stderr}"
        return finished.stdout

    def ask(self, database_url: str, *queries: str) -> list[Any]:
        """Return the data of each query, in order."""
        lines = self.run("-c", SERVE, database_url, json.dumps(queries)).splitlines()
        answers = [json.loads(line) for line in lines]
        assert not [answer["errors"] for answer in answers if "errors" in answer]
        return [answer["data"] for answer in answers]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("recipes") / "tree")


def test_the_recipes_keep_the_rules_of_style(copy: Copy) -> None:
    changed = [file for files_of in copy.changed.values() for file in files_of]
    copy.run("-m", "ruff", "check", "--no-cache", *changed)
    copy.run("-m", "ruff", "format", "--no-cache", "--check", *changed)


def test_a_measure_is_answered_grouped_and_ordered(copy: Copy, database_url: str) -> None:
    sent = ", ".join(
        f'{{kind: LLM, name: "{name}", llm: {{provider: "p", model: "m"{tokens}}}}}'
        for name, tokens in (("a", ", outputTokens: 30"), ("a", ""), ("b", ", outputTokens: 20"))
    )
    _, stats = copy.ask(
        database_url,
        f"mutation {{ trackOperations(operations: [{sent}]) {{ accepted }} }}",
        """{ operationStats(
            groupBy: [{field: NAME}], orderBy: [{by: {measure: OUTPUT_TOKENS_PER_RECORD}}]
        ) { rows { key { name } outputTokensPerRecord } totals { outputTokensPerRecord } } }""",
    )
    rows = [
        (row["key"]["name"], row["outputTokensPerRecord"])
        for row in stats["operationStats"]["rows"]
    ]
    assert rows == [("b", 20), ("a", 15)]
    assert stats["operationStats"]["totals"]["outputTokensPerRecord"] == pytest.approx(50 / 3)


def test_a_mutation_changes_its_record(copy: Copy, database_url: str) -> None:
    create = 'mutation { createApiKey(input: {name: "old", scopes: [READ]}) { apiKey { uuid } } }'
    (created,) = copy.ask(database_url, create)
    uuid = created["createApiKey"]["apiKey"]["uuid"]
    rename = f'renameApiKey(input: {{keyId: "{uuid}", name: "new"}})'
    renamed, listed = copy.ask(
        database_url,
        f"mutation {{ {rename} {{ status apiKey {{ name }} }} }}",
        "{ apiKeys { name } }",
    )
    assert renamed["renameApiKey"] == {"status": "ACCEPTED", "apiKey": {"name": "new"}}
    assert listed["apiKeys"] == [{"name": "new"}]


def test_a_price_rule_holds_for_rows_columns_and_other_models(
    copy: Copy, database_url: str
) -> None:
    tool = '{kind: TOOL, name: "t", tool: {tokensOriginal: 1000, tokensActual: 3000}}'
    price = '{kind: MODEL, name: "m", inputPer1k: 2}'
    track = f"trackOperations(operations: [{tool}, {tool}]) {{ accepted }}"
    stats = '{ operationStats { totals { cost { actual saved } costAt(model: "m") { actual } } } }'
    _, at_default, _, _, totals = copy.ask(
        database_url,
        f"mutation {{ {track} }}",
        "{ operations { nodes { costActual } } }",
        f"mutation {{ setPrice(input: {price}) {{ status }} }}",
        f"mutation {{ {track} }}",
        stats,
    )
    assert at_default["operations"]["nodes"] == [{"costActual": 0.015}] * 2
    assert totals["operationStats"]["totals"] == {
        "cost": {"actual": 0.06, "saved": 0},
        "costAt": {"actual": 8},
    }
