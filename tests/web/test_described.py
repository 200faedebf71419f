"""The description of the interface says no more and no less than what is taken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import pytest
from fastapi import FastAPI
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter

from tests.web.asking import Client
from tests.web.unsaid import UNSAID
from truceline.errors import InputError
from truceline.span import parse_instant
from truceline.web.clean import OVERRIDES, TURNS
from truceline.web.described import describe
from truceline.web.parts import JSON, Sent
from truceline.web.patterns import KNOWN_AT, LINE, SAID, TIME


def schemas_of(described: Mapping[str, Any], one: Any, seen: set[int]) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """A schema and all that it is made of."""
    if not isinstance(one, dict) or id(one) in seen:
        return
    seen.add(id(one))
    yield one
    if "$ref" in one:
        name = one["$ref"].rpartition("/")[2]
        yield from schemas_of(described, described["components"]["schemas"][name], seen)
    for parts in ("anyOf", "oneOf", "allOf"):
        for part in one.get(parts, ()):
            yield from schemas_of(described, part, seen)
    for part in (one.get("items"), one.get("additionalProperties"), *one.get("properties", {}).values()):
        yield from schemas_of(described, part, seen)


def asked(described: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each schema of what is sent: its operation, where it stands, and itself."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            label = f"{method.upper()} {path}"
            for one in operation.get("parameters", ()):
                for schema in schemas_of(described, one["schema"], set()):
                    yield label, one["in"], schema
            body = operation.get("requestBody", {}).get("content", {}).get(JSON, {})
            for schema in schemas_of(described, body.get("schema"), set()):
                yield label, "body", schema


@pytest.fixture(scope="module")
def described(client: Client) -> dict[str, Any]:
    """The description of the service."""
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def test_no_text_that_is_described_is_refused_for_its_characters(described: dict[str, Any]) -> None:
    """What the front takes from nobody is in no pattern; a text without a pattern has few values."""
    for label, where, schema in asked(described):
        if schema.get("type") == "string" and "enum" not in schema and "const" not in schema:
            refused = {"\x00", *OVERRIDES} | ({"\n", "\x85", *TURNS} if where != "body" else set())
            for one in refused:
                tried = [one, f"a{one}", f"{one}a", "a" * 31 + one, f"https://a{one}"]
                pattern = re.sub(r"[$]$", r"\\Z", schema["pattern"])  # elsewhere `$` is the end, in Python almost
                assert not any(re.search(pattern, text) for text in tried), (label, where, schema)


def test_bodies_are_closed(described: dict[str, Any]) -> None:
    """A name that nobody knows is refused, and the description says so."""
    objects = [(label, one) for label, where, one in asked(described) if where == "body" and "properties" in one]
    named = [(label, one) for label, one in objects if "type" in one]
    assert named
    assert [label for label, one in named if one.get("additionalProperties") is not False] == []


def test_whole_numbers_are_those_that_every_program_reads(described: dict[str, Any]) -> None:
    """Beyond 2^53 a number is not the same everywhere, and the front takes none."""
    for label, where, schema in asked(described):
        if where == "body" and schema.get("type") == "integer" and not {"enum", "const"} & set(schema):
            assert "minimum" in schema or "exclusiveMinimum" in schema, label
            assert "maximum" in schema or "exclusiveMaximum" in schema, label


def test_every_refusal_that_no_schema_says_is_of_an_operation(described: dict[str, Any]) -> None:
    """What is excused is there; what is gone is excused no more."""
    labels = {f"{method.upper()} {path}" for path, methods in described["paths"].items() for method in methods}
    for operation, _, _, why in UNSAID:
        assert any(re.fullmatch(operation, label) for label in labels), operation
        assert why


# -- what is sent ------------------------------------------------------------------------------------------------------


class Sample(Sent):
    """A body."""

    number: int = 0
    share: float = 0.0
    is_so: bool = False
    numbers: list[int] = Field(default_factory=list)
    text: str = Field(default="", max_length=3)


@pytest.mark.parametrize("body", [
    {"number": "6"}, {"number": 6.5}, {"number": True}, {"number": 2.0**60}, {"is_so": 1}, {"is_so": "true"},
    {"share": "1.5"}, {"text": 6}, {"text": "long"}, {"texts": "a"}, {"numbers": [1, "2"]}, {"numbers": {"1": 1}},
])  # fmt: skip
def test_a_body_of_other_kinds_is_refused(body: dict[str, object]) -> None:
    """Nothing is turned into what was expected."""
    with pytest.raises(ValueError, match="Sample"):
        Sample.model_validate(body)


def test_a_whole_number_is_one_however_it_is_written() -> None:
    """JSON has one kind of number: `6.0` is `6`."""
    made = Sample.model_validate({"number": 6.0, "share": 6, "numbers": [1.0, 2]})
    assert made == Sample(number=6, share=6.0, numbers=[1, 2])


class Inner(BaseModel):
    """A body within a body."""

    names: list[str]
    by_name: dict[str, int]


class Outer(BaseModel):
    """The body around it."""

    inner: Inner | None


def test_a_description_is_narrowed_wherever_a_text_stands() -> None:
    """In lists, in choices and in bodies within bodies."""
    app = FastAPI()

    @app.post("/x")
    def made(body: Outer, text: str, kind: str | None = None) -> None:
        """A route."""

    found = describe(app.openapi())
    inner = found["components"]["schemas"]["Inner"]["properties"]
    assert "pattern" in inner["names"]["items"]
    assert inner["by_name"]["additionalProperties"]["maximum"] == 2**53 - 1
    assert "pattern" in inner["by_name"]["propertyNames"]
    text, kind = found["paths"]["/x"]["post"]["parameters"]
    assert "pattern" in text["schema"]
    assert "pattern" in kind["schema"]["anyOf"][0]


# -- patterns ----------------------------------------------------------------------------------------------------------


@given(st.from_regex(TIME, fullmatch=True))
def test_what_the_pattern_of_times_takes_is_a_time(text: str) -> None:
    """Whoever keeps to the description is understood: months have their days, and leap years a day more."""
    assume(text)
    parse_instant(text, "UTC")


@given(st.text("0123456789-:TZ+ .", max_size=25))
def test_what_it_does_not_take_is_none(text: str) -> None:
    """Nor is anything left out: a text that is refused is no time."""
    try:
        parse_instant(text, "UTC")
    except InputError:
        assert not text or not re.fullmatch(TIME[1:-1], text)
    else:
        assert re.fullmatch(TIME[1:-1], text.strip())


@pytest.mark.parametrize("text", [
    "1900", "2200", "2016-02", "2016-02-29", "2000-02-29", "2016-12-31", "2016-04-30T24", "2016-02-27T24:00:00",
    "2016-02-27 19:00", "2016-02-27T19:00:59.123+03:00", "2016-02-27T19Z", "2016-02-27T19:00-1830", "",
])  # fmt: skip
def test_times_that_are_taken(text: str) -> None:
    """By the engine of the routes, which is not Python's."""
    assert taken(TIME, text)


@pytest.mark.parametrize("text", [
    "1899", "2201", "2016-13", "2016-00", "2015-02-29", "2100-02-29", "2016-02-30", "2016-04-31", "2016-02-27T24:01",
    "2016-02-27T25", "2016-02-27T19:60", "2016-02-27T19+19:00", "2016-02-27T", "now", "２０１６", "2016\n", "#1",
])  # fmt: skip
def test_times_that_are_not(text: str) -> None:
    """No day that the calendar does not have, and no digits that look like others."""
    assert not taken(TIME, text)


def test_the_other_patterns() -> None:
    """Indexes, words and lines."""
    assert taken(KNOWN_AT, "#17") and taken(KNOWN_AT, "2016-02") and taken(KNOWN_AT, "")
    assert not taken(KNOWN_AT, "#") and not taken(KNOWN_AT, "17 ") and not taken(KNOWN_AT, "#1#2")
    assert all(taken(SAID, text) for text in ("why", "\nпочему", "لماذا", "  7"))
    assert not any(taken(SAID, text) for text in ("", " \n ", "...", "a\u202e", "\x00a"))
    assert taken(LINE, "") and taken(LINE, "one line") and not taken(LINE, "two\nlines") and not taken(LINE, "\u202e")


def taken(pattern: str, text: str) -> bool:
    """Whether a route with this pattern takes a text."""
    try:
        TypeAdapter(Annotated[str, Field(pattern=pattern)]).validate_python(text)
    except ValueError:
        return False
    return True


def test_every_part_has_a_name_of_its_own(client: Client) -> None:
    """What is generated from the description calls them so: no name is made from where a class lies in our code."""
    names = client.get("/openapi.json").json()["components"]["schemas"]
    assert [name for name in names if "__" in name or "truceline" in name] == []
