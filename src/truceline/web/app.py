"""What does the service answer? One application: its routes behind one front, and its description."""

from __future__ import annotations

from typing import Any, TextIO

from fastapi import APIRouter, FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.types import Receive, Scope, Send

from truceline import LAW, __version__
from truceline.desk.service import Service
from truceline.web.described import describe
from truceline.web.front import Front
from truceline.web.limits import Rates
from truceline.web.operation import Operation
from truceline.web.routes import (
    accounts,
    approvals,
    areas,
    audit,
    auth,
    downloads,
    entrance,
    evidence,
    exchange,
    feeds,
    health,
    intake,
    jobs,
    maps,
    noticepaper,
    notices,
    publication,
    reading,
    reading_agreement,
    reading_asked,
    reading_days,
    reading_moved,
    reading_one,
    reading_record,
    record,
    report,
    sittings,
    statements,
    webhooks,
    words,
    zones,
)
from truceline.web.routes.screens import SCREENS

ROUTERS: tuple[APIRouter, ...] = (
    health.router, auth.router, entrance.router, accounts.router, approvals.router, audit.router,
    record.router, publication.router, statements.router, exchange.router,
    evidence.router, jobs.router, webhooks.router, report.router, intake.router,
    reading.router, reading_one.router, reading_record.router, reading_asked.router, reading_moved.router,
    reading_days.router, downloads.router, zones.router, feeds.router, noticepaper.router,
    notices.router, areas.router, sittings.router, words.router, reading_agreement.router, maps.router, *SCREENS,
)  # fmt: skip
"""Every part of the interface; a new one takes its place here."""


class App(FastAPI):
    """The application of a service: a front of our own in the place of the framework's layers."""

    def build_middleware_stack(self) -> Front:
        """The front, what closes the files of forms, and the route."""
        state = self.state
        return Front(
            AsyncExitStackMiddleware(_call), app=self, settings=state.service.settings, operation=state.operation,
            rates=state.rates,
        )  # fmt: skip

    def prepare(self) -> None:
        """Read the routes off now, and not when the first request waits for it."""
        self.middleware_stack = front = self.build_middleware_stack()
        front.prepare()

    def openapi(self) -> dict[str, Any]:
        """The description, with the problems that every route can answer; made once for all that have these routes."""
        if self.openapi_schema is None:
            found = (context.original_route for context in iter_route_contexts(self.routes))
            routes = [route for route in found if isinstance(route, APIRoute)]  # the others are not described
            key = tuple(map(id, routes))
            if key not in _DESCRIBED:
                _DESCRIBED[key] = routes, describe(super().openapi())
            self.openapi_schema = _DESCRIBED[key][1]
        return self.openapi_schema


_DESCRIBED: dict[tuple[int, ...], tuple[list[APIRoute], dict[str, Any]]] = {}
"""Ids of routes to these, which are kept, and their description: it takes seconds to make, and nobody changes it."""


async def _call(scope: Scope, receive: Receive, send: Send) -> None:
    """The route that the front found."""
    await scope["truceline.call"](scope, receive, send)


def new_app() -> App:
    """The application without a service: enough to describe it."""
    app = App(
        title="Truceline", version=__version__, description=LAW, docs_url=None, redoc_url=None,
        redirect_slashes=False, telemetry={"tracing": False, "metrics": False, "logs": False},
        generate_unique_id_function=lambda route: route.name,
    )  # fmt: skip
    for router in ROUTERS:
        app.include_router(router)
    return app


def make_app(service: Service, out: TextIO | None = None) -> App:
    """The application of a service.

    Args:
        service: what it answers from; whoever opened it closes it.
        out: where the log goes; None = standard error.
    """
    app = new_app()
    app.state.service = service
    app.state.operation = Operation(service, out)
    app.state.rates = Rates(service.settings)
    return app
