"""What only a tenant may see, and whether any of it stands in an answer to somebody else."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.api.isolation.tenants import LIMIT, Tenant
from tests.support.api import Json

OWN_NUMBERS = range(10_000, LIMIT)
"""Smaller and larger numbers are everybody's."""
OPAQUE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[A-Za-z0-9_-]{32,}")
"""Ids of records, their own and global ones."""
PLACES = {"cursor", "startCursor", "endCursor"}
"""Cursors say where a page ends, of records that carry the ids that their clients chose."""


def leaves(value: Any) -> Iterator[Any]:
    """Every scalar of an answer, but cursors."""
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name not in PLACES:
                yield from leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield value


@dataclass(frozen=True)
class Secrets:
    """Texts and numbers that tell of a tenant."""

    texts: frozenset[str]
    numbers: frozenset[float]

    @classmethod
    def of(cls, tenant: Tenant, answers: Iterable[Any]) -> "Secrets":
        """All that the tenant's own answers hold, but the ids that it chose itself.

        Anybody may choose the same ids in another organization: what stands beside them tells.
        """
        found = list(leaves(list(answers)))
        told_by_us = {tenant.ids[name] for name in ("key", "living-key", "limit")}
        chosen = set(leaves([variables for _, variables in tenant.sent])) - told_by_us
        texts = {
            text
            for text in found
            if isinstance(text, str) and (tenant.mark in text or OPAQUE.fullmatch(text))
        }
        numbers = {n for n in found if is_own(n)}
        marked = {text for text in texts if tenant.mark in text}
        return cls(frozenset(marked | (texts - chosen)), frozenset(numbers))

    def without(self, answers: Iterable[Any]) -> "Secrets":
        """The texts but those in these answers: they are no secret to whoever got them.

        Nor are numbers: who shares an organization may see how much of its own limits is used.
        """
        return Secrets(self.texts - set(leaves(list(answers))), frozenset())

    def in_answer(self, answer: Json, variables: Json) -> set[Any]:
        """What an answer tells of the tenant, beyond what its caller said."""
        told, sent = json.dumps(answer), json.dumps(variables)
        texts = {text for text in self.texts if text in told and text not in sent}
        numbers = {
            n for n in leaves(answer.get("data")) if n in self.numbers and str(n) not in sent
        }
        return texts | numbers


def is_own(value: Any) -> bool:
    """Whether a value is a number that tells of its tenant."""
    return isinstance(value, int | float) and int(value) in OWN_NUMBERS


def disguised(
    value: Any, tenant: Tenant, mark: str, number: int, keep: tuple[str, ...] = ()
) -> Any:
    """What the tenant sent as if it were another's: the same ids, but other texts and numbers.

    The values of the fields in ``keep`` stay as they are.
    """
    if isinstance(value, list):
        return [disguised(item, tenant, mark, number, keep) for item in value]
    if isinstance(value, dict):
        return {
            name: item if name in keep else disguised(item, tenant, mark, number, keep)
            for name, item in value.items()
        }
    if isinstance(value, str):
        return value.replace(tenant.mark, mark)
    if is_own(value):
        return value - tenant.number + number
    return value
