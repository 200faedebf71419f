"""How is the service, and what does it do? Health, metrics and one line of log for each request.

Nothing of what was asked or answered is in any of them: no payload, no value of a query, no address, no account. A
request is named by the template of its route, its status and its id.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import msgspec
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily

from truceline.desk.service import Service
from truceline.errors import TrucelineError, one_line
from truceline.web.parts import Trace

LATENCY_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
BATCHES = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000)
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
QUIET = frozenset({"/health/live", "/health/ready", "/metrics"})
"""Asked every few seconds by machines: logged only when they fail."""

UNSEEN = frozenset({"/report", "/report/answer", "/intake/follow", "/intake/hotline"})
"""Where people report: neither logged nor counted unless it fails, for the moment could lead to one of them."""

_HERE = str(Path(__file__).parents[1])


def _json(event: Mapping[str, Any], **_: object) -> str:
    return msgspec.json.encode(event).decode()


def new_log(level: str = "info", out: TextIO | None = None) -> structlog.typing.FilteringBoundLogger:
    """A log of lines of JSON.

    Args:
        level: `debug`, `info`, `warning` or `error`.
        out: where to; None = standard error.
    """
    log: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(out or sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        cache_logger_on_first_use=True,
    )
    return log


class Handed(logging.Handler):
    """Brings what the libraries, and rooms below the web, write to Python's own log into the one form.

    Of ours the sentence is told, of a library only its name: what it says may hold what somebody asked or sent.
    """

    def __init__(self, log: structlog.typing.FilteringBoundLogger) -> None:
        """Hand on to `log`."""
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Hand on one line."""
        told: dict[str, Any] = {"logger": record.name}
        if record.name.startswith("truceline"):
            told["said"] = one_line(record.getMessage())
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            told |= {"kind": type(error).__name__, "place": place_of(error)}
        self._log.log(max(record.levelno, logging.WARNING), "note", **told)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Take all of Python's log, and what ends threads, for as long as this lasts."""
        root = logging.getLogger()
        before, root.handlers = root.handlers, [self]
        told, threading.excepthook = threading.excepthook, self._thread
        try:
            yield
        finally:
            root.handlers, threading.excepthook = before, told

    def _thread(self, given: threading.ExceptHookArgs) -> None:
        """A thread ended by an error that nobody caught."""
        kind, place = given.exc_type.__name__, place_of(given.exc_value) if given.exc_value else ""
        self._log.error("fault", kind=kind, place=place, thread=given.thread.name if given.thread else "")


class _Looks:
    """Numbers that are looked up when somebody asks for the metrics."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """What the service holds and what waits; what is out of reach is left out."""
        one = self._service
        with contextlib.suppress(TrucelineError):
            yield GaugeMetricFamily("truceline_head_entries", "Entries of the record.", len(one.case.entries()))
        if one.is_writer:
            yield GaugeMetricFamily("truceline_queue_length", "Submissions that wait.", one.sequencer.waiting())
        yield GaugeMetricFamily("truceline_answers_behind_seconds", "Age of the answers.", one.snapshots.behind_s)
        with contextlib.suppress(TrucelineError):
            waits = GaugeMetricFamily("truceline_jobs", "Jobs, by what becomes of them.", labels=["status"])
            for status, count in one.jobs.counts().items():
                waits.add_metric([status], count)
            yield waits


class Operation:
    """What a service tells of itself.

    Attributes:
        log: lines of JSON.
        registry: of the metrics.
        in_work: requests that are being answered; machines that look after the service are not counted.
    """

    def __init__(self, service: Service, out: TextIO | None = None) -> None:
        """Nothing has happened yet."""
        self.log = new_log(service.settings.log_level, out)
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "truceline_requests", "Requests answered.", ("route", "method", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "truceline_request_seconds", "Time to answer.", ("route",), buckets=LATENCY_S, registry=self.registry
        )
        self.in_work = 0
        at_once = Gauge("truceline_requests_in_work", "Requests in work.", registry=self.registry)
        at_once.set_function(lambda: self.in_work)
        self._refused = Counter(
            "truceline_refusals", "Requests refused, by kind of problem.", ("problem",), registry=self.registry
        )
        self._receipts = Counter("truceline_receipts", "Entries that were taken.", registry=self.registry)
        self._batch = Histogram(
            "truceline_batch_entries", "Entries of a batch.", buckets=BATCHES, registry=self.registry
        )
        self.registry.register(_Looks(service))
        if service.is_writer:
            service.sequencer.on_new(self._taken)
        self._known: dict[tuple[str, str, int], Any] = {}
        self._timed: dict[str, Any] = {}

    def answered(self, trace: Trace) -> None:
        """Count a request and log it."""
        if trace.route in UNSEEN and trace.status < 500:
            return
        taken = time.perf_counter() - trace.begun
        key = (trace.route, trace.method, trace.status)
        counter = self._known.get(key)
        if counter is None:
            counter = self._known[key] = self._requests.labels(trace.route, trace.method, str(trace.status))
        counter.inc()
        timed = self._timed.get(trace.route)
        if timed is None:
            timed = self._timed[trace.route] = self._seconds.labels(trace.route)
        timed.observe(taken)
        if trace.route not in QUIET or trace.status >= 500:
            self.log.info(
                "request", route=trace.route, method=trace.method, status=trace.status, ms=round(taken * 1000, 2),
                request=trace.id, role=trace.role,
            )  # fmt: skip

    def _taken(self, first: int, size: int) -> None:
        self._receipts.inc(size - first)
        self._batch.observe(size - first)

    def refused(self, name: str) -> None:
        """Count a problem by its name."""
        self._refused.labels(name).inc()

    def fault(self, error: BaseException, trace: Trace) -> None:
        """Log a fault of the program: its kind and its place, not its words, which may be somebody's."""
        place = place_of(error)
        self.log.error("fault", kind=type(error).__name__, place=place, route=trace.route, request=trace.id)

    def metrics(self) -> bytes:
        """The metrics in the text format of Prometheus."""
        return generate_latest(self.registry)


def place_of(error: BaseException) -> str:
    """Where in our own code an error came from; that of a library, where ours is not among its callers."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(_HERE)] or frames
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
