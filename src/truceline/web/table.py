"""Which route answers a path? One table, made when the application starts, read off the routes themselves.

A path without parameters is looked up; the others are tried in their order. What is found goes straight to its route:
the framework's own search tries every route of every part, twice, for every request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from truceline.web.parts import Gate

NO_GATE = Gate("", "")


@dataclass(frozen=True)
class Found:
    """A route, as a request needs it.

    Attributes:
        template: its path with names for parameters, such as `/api/v1/entries/{index}`: what logs and metrics show.
        methods: it answers.
        app: to be called.
        endpoint: its function.
        route: of the framework.
        gate: who may do what by it; `NO_GATE` where it has none.
        names: query parameters it knows; None = not described, so anything goes.
        many: those of them that may come more than once.
    """

    template: str
    methods: frozenset[str]
    app: ASGIApp
    endpoint: Any
    route: BaseRoute
    gate: Gate
    names: frozenset[str] | None
    many: frozenset[str]


@dataclass(frozen=True)
class _Pattern:
    regex: re.Pattern[str]
    convertors: Mapping[str, Any]
    found: Found


class Table:
    """The routes of an application."""

    def __init__(self, app: FastAPI) -> None:
        """Read them off."""
        self._static: dict[str, dict[str, Found]] = {}
        self._patterns: list[_Pattern] = []
        described = app.openapi()["paths"]
        for context in iter_route_contexts(app.routes):
            if isinstance(context.original_route, Route):
                self._add(context, described)

    def _add(self, context: RouteContext, described: Mapping[str, Any]) -> None:
        found = _found(context, described)
        convertors: Mapping[str, Any] = context.param_convertors
        if convertors:
            self._patterns.append(_Pattern(context.path_regex, convertors, found))
            return
        kept = self._static.setdefault(found.template, {})
        for method in found.methods:
            kept.setdefault(method, found)

    def find(self, path: str, method: str) -> tuple[Found | None, dict[str, Any], frozenset[str]]:
        """The route of a path.

        Returns:
            The route and the values of its parameters; or None, and the methods that the path answers: none when
            there is no such path.
        """
        kept = self._static.get(path)
        if kept is not None:
            found = kept.get(method)
            return found, {}, frozenset() if found else frozenset(kept)
        others: set[str] = set()
        for one in self._patterns:
            matched = one.regex.match(path)
            if matched is None:
                continue
            if method in one.found.methods:
                values = {name: one.convertors[name].convert(value) for name, value in matched.groupdict().items()}
                return one.found, values, frozenset()
            others |= one.found.methods
        return None, {}, frozenset(others)

    def all(self) -> Iterator[Found]:
        """Every route once."""
        kept = [found for methods in self._static.values() for found in methods.values()]
        seen: set[int] = set()
        for found in [*kept, *(one.found for one in self._patterns)]:
            if id(found) not in seen:
                seen.add(id(found))
                yield found


def _found(context: RouteContext, described: Mapping[str, Any]) -> Found:
    template, methods = context.path_format or context.path or "", frozenset(context.methods or ())
    names, many = _names(described.get(template, {}), methods)
    is_api = isinstance(context.original_route, APIRoute)
    gate = gate_of(context.dependant) if is_api else NO_GATE
    return Found(
        template, methods | {"HEAD"} if "GET" in methods else methods, context.app, context.endpoint,
        context.original_route, gate, names, many,
    )  # fmt: skip


def gate_of(dependant: Dependant) -> Gate:
    """The gate among the dependencies of a route, at whatever depth."""
    ahead = list(dependant.dependencies)
    while ahead:
        one = ahead.pop(0)
        if isinstance(one.call, Gate):
            return one.call
        ahead += one.dependencies
    return NO_GATE


def _names(path: Mapping[str, Any], methods: frozenset[str]) -> tuple[frozenset[str] | None, frozenset[str]]:
    """The query parameters of a route by its description, and those that may be repeated."""
    operations = [path[method.lower()] for method in methods if method.lower() in path]
    if not operations:
        return None, frozenset()
    asked = [one for operation in operations for one in operation.get("parameters", ()) if one["in"] == "query"]
    many = {one["name"] for one in asked if _is_list(one.get("schema", {}))}
    return frozenset(one["name"] for one in asked), frozenset(many)


def _is_list(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "array" or any(_is_list(one) for one in schema.get("anyOf", ()))
