"""Everything in the schema says what it means."""

from collections.abc import Iterator

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from tests.unit.schema.vocabulary import own_types


def described() -> Iterator[tuple[str, str | None]]:
    """Every type, field, argument, input field and enum value, with its description."""
    for type_ in own_types():
        yield type_.name, type_.description
        match type_:
            case GraphQLObjectType() | GraphQLInterfaceType():
                for name, field in type_.fields.items():
                    yield f"{type_.name}.{name}", field.description
                    for argument, what in field.args.items():
                        yield f"{type_.name}.{name}({argument})", what.description
            case GraphQLInputObjectType():
                for name, given in type_.fields.items():
                    yield f"{type_.name}.{name}", given.description
            case GraphQLEnumType():
                for name, value in type_.values.items():
                    yield f"{type_.name}.{name}", value.description
            case _:
                pass  # a scalar has no parts


def test_everything_has_a_description() -> None:
    silent = [name for name, text in described() if not (text or "").strip()]
    assert not silent


def test_every_description_is_a_sentence() -> None:
    cut = [name for name, text in described() if text and not text.endswith(".")]
    assert not cut, "say it in a sentence"


def test_there_is_something_to_describe() -> None:
    names = {name for name, _ in described()}
    assert {"Query.operations(first)", "OperationInput.id", "OperationKind.LLM", "Long"} <= names
