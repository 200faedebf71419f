"""What has been seen, asked only when a condition of the text asks: the table is taken in on the first question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

from truceline.agreement.history import Standing
from truceline.agreement.model import Agreement
from truceline.assess.place import Placed
from truceline.assess.seen import Seen
from truceline.course import Course
from truceline.evidence.schema import Observation
from truceline.verdict import Answer


@dataclass
class Evidences:
    """The evidence of a run.

    Attributes:
        table: gives the table of `evidence.schema.SCHEMA` that was known then.
        incident: report to the incident that it tells of beside others; they are counted as one.
    """

    table: Callable[[], pa.Table]
    agreement: Agreement
    placed: Placed
    incident: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def seen(self) -> Seen:
        """The table, taken in."""
        return Seen(self.table(), self.agreement, self.placed, self.incident)

    def course(self, word: str, fields: Mapping[str, Any], standing: Standing) -> Course:
        """When a condition over evidence holds; see `Seen`."""
        return self.seen.course(word, fields, standing)

    def related(self, word: str, fields: Mapping[str, Any], report: Observation, standing: Standing) -> Answer:
        """Whether an event came before or after the one of a report; see `Seen`."""
        return self.seen.related(word, fields, report, standing)
