"""The one room where the parts meet: opens files, fixes the time as known, asks the judge, fills pages.

It decides nothing.
The way of one observation: bytes -> reader -> table and rejected rows -> what was in force, as known -> judge ->
assessments.
"""

from truceline.desk.cases import add_files, add_shipped_reports, demo_case, demo_clock, init_case, release_changes
from truceline.desk.files import (
    KINDS,
    Bench,
    Evidence,
    detect,
    open_agreement,
    open_mapping,
    read_bytes,
    read_evidence,
    shipped,
)
from truceline.desk.keyring import config_folder
from truceline.desk.records import record_assessment
from truceline.desk.runs import (
    Asked,
    Outcome,
    answers_of,
    assess_case,
    assess_files,
    assessment_body,
    bench_of_case,
    evidence_row,
    summary,
    write_assessments,
)
from truceline.desk.shown import show
from truceline.desk.whatif import Supposed, what_if, what_if_answer
from truceline.desk.zones import Wanted, count_where

__all__ = [
    "KINDS", "Asked", "Bench", "Evidence", "Outcome", "Supposed", "Wanted", "add_files", "add_shipped_reports",
    "answers_of", "assess_case", "assess_files", "assessment_body", "bench_of_case", "config_folder", "count_where",
    "demo_case", "demo_clock", "detect", "evidence_row", "init_case", "open_agreement", "open_mapping", "read_bytes",
    "read_evidence", "record_assessment", "release_changes", "shipped", "show", "summary", "what_if", "what_if_answer",
    "write_assessments",
]  # fmt: skip
