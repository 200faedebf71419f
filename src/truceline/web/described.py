"""How is the interface described? As the framework reads it off the routes, made exact.

- The problems that each route can answer stand there; the framework's own form of faults, which no route gives, does
  not.
- What the front refuses before a route sees it (`web.clean`) is excluded: characters of text that nobody may send,
  numbers that are not the same everywhere. So whoever keeps to the description is understood.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from truceline.canon import MOST_INT
from truceline.web.clean import OVERRIDES, TURNS
from truceline.web.parts import JSON, PROBLEM, PROBLEMS, FaultShown, ProblemShown

ALWAYS = (400, 401, 404, 414, 421, 422, 429, 431, 503)
"""The problems of a route that only reads."""

WITH_BODY = (403, 408, 409, 413, 415)
"""And those of one that takes something."""


def _but(characters: frozenset[str], more: str) -> str:
    """A pattern of text without these characters."""
    return "^[^" + more + "".join(rf"\u{ord(one):04x}" for one in sorted(characters)) + "]*$"


PLAIN = _but(TURNS, r"\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff")
"""Text of a path or a query, for which no route has a pattern of its own."""

WORDS = _but(OVERRIDES, r"\x00")
"""The same of a body in JSON."""

_THEIRS = ("HTTPValidationError", "ValidationError")
_REF = "#/components/schemas/"
_SETTLED = ("pattern", "enum", "const", "format", "contentMediaType", "contentEncoding")


def describe(schema: dict[str, Any]) -> dict[str, Any]:
    """The description of an application, made complete.

    Args:
        schema: as the framework made it; it is changed.
    """
    shown = ProblemShown.model_json_schema(ref_template=_REF + "{model}")
    shown.pop("$defs", None)
    kept = schema.setdefault("components", {}).setdefault("schemas", {})
    for name in _THEIRS:
        kept.pop(name, None)
    kept["Problem"] = shown
    kept["FaultShown"] = FaultShown.model_json_schema(ref_template=_REF + "{model}")
    for path in schema.get("paths", {}).values():
        for method, operation in path.items():
            _add_problems(operation, ALWAYS if method in ("get", "head") else ALWAYS + WITH_BODY)
    for one, text in _asked(schema):
        _narrow(one, text)
    return schema


def _add_problems(operation: dict[str, Any], statuses: tuple[int, ...]) -> None:
    responses = operation.setdefault("responses", {})
    if _is_theirs(responses.get("422", {})):
        del responses["422"]
    for status in statuses:
        kept = responses.setdefault(str(status), {"description": PROBLEMS[status][1]})
        kept.setdefault("content", {})[PROBLEM] = {"schema": {"$ref": _REF + "Problem"}}
    operation["responses"] = dict(sorted(responses.items()))


def _is_theirs(response: Mapping[str, Any]) -> bool:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    return str(schema.get("$ref", "")).endswith("/HTTPValidationError")


# -- what may be sent --------------------------------------------------------------------------------------------------


def _asked(schema: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Every schema of something that is sent in a parameter or in JSON, and the pattern of text in it; each once."""
    seen: set[int] = set()
    for path in schema["paths"].values():
        for operation in path.values():
            for one in operation.get("parameters", ()):
                yield from _within(one.get("schema", {}), PLAIN, schema, seen)
            body = operation.get("requestBody", {}).get("content", {}).get(JSON, {})
            yield from _within(body.get("schema"), WORDS, schema, seen)


def _within(
    one: object, text: str, schema: Mapping[str, Any], seen: set[int]
) -> Iterator[tuple[dict[str, Any], str]]:  # fmt: skip
    """A schema and all that it is made of."""
    if not isinstance(one, dict) or id(one) in seen:
        return
    seen.add(id(one))
    if one.get("$ref", "").startswith(_REF):
        named = schema["components"]["schemas"][one["$ref"].removeprefix(_REF)]
        yield from _within(named, text, schema, seen)
    yield one, text
    for name in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for part in one.get(name, ()):
            yield from _within(part, text, schema, seen)
    for part in (one.get("items"), one.get("additionalProperties"), *one.get("properties", {}).values()):
        yield from _within(part, text, schema, seen)


def _narrow(one: dict[str, Any], text: str) -> None:
    """Leave out of a schema what is never taken."""
    kind = one.get("type")
    if kind == "string" and not any(name in one for name in _SETTLED):
        one["pattern"] = text
    if kind == "integer" and not any(name in one for name in ("enum", "const")):
        if "exclusiveMinimum" not in one:
            one.setdefault("minimum", -MOST_INT)
        if "exclusiveMaximum" not in one:
            one.setdefault("maximum", MOST_INT)
    if kind == "object" and one.get("additionalProperties") not in (None, False):
        one.setdefault("propertyNames", {"pattern": WORDS})
