"""The forms as files: XLSForms in three languages that pyxform takes, and the way back into evidence and coverage."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
import pytest

from tests.desk.test_conditions import TEXT
from tests.evidence.bench import manner
from tests.evidence.test_forms import ANSWERS, CENTRE, ID, SHUT, xml, zipped
from truceline.desk import forms
from truceline.desk.conditions import ask_condition
from truceline.desk.files import open_agreement, read_evidence
from truceline.desk.runs import Asked
from truceline.errors import InputError, StoreError
from truceline.evidence import forms as reader
from truceline.evidence.questions import FORMS, LANGUAGES


def rows_of(data: bytes, sheet: str) -> list[dict[str, Any]]:
    """A sheet of a workbook, by the names of its columns."""
    head, *rows = openpyxl.load_workbook(io.BytesIO(data))[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


@pytest.mark.parametrize("name", FORMS)
def test_every_question_stands_in_the_workbook_in_three_languages(name: str) -> None:
    """A form without a label in a language shows a blank to whoever reads it."""
    data = forms.xlsx_of(FORMS[name])
    hidden, *asked = rows_of(data, "survey")
    assert (hidden["name"], hidden["calculation"]) == ("truceline_form", f"'{name}'")
    assert [row["name"] for row in asked] == [question.name for question in FORMS[name].questions]
    lists = {row["list_name"] for row in rows_of(data, "choices")}
    assert lists == {row["type"].removeprefix("select_one ") for row in asked if row["type"].startswith("select_one")}
    for row in [*asked, *rows_of(data, "choices")]:
        assert all(row[f"label::{language}"] for language in LANGUAGES.values())
    assert rows_of(data, "settings")[0]["form_id"] == f"truceline-{name}"


def test_the_same_forms_are_the_same_bytes() -> None:
    """Whoever writes them can compare them with what others use: no clock is in them, and languages are chosen."""
    form = FORMS["negative"]
    assert forms.xlsx_of(form) == forms.xlsx_of(form)
    with zipfile.ZipFile(io.BytesIO(forms.xlsx_of(form))) as book:
        assert {entry.date_time for entry in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert set(re.findall(rb"\d{4}-\d\d-\d\dT", book.read("docProps/core.xml"))) == {b"1980-01-01T"}
    russian = rows_of(forms.xlsx_of(form, ["ru"]), "survey")[1]
    assert [column for column in russian if column.startswith("label")] == ["label::Русский (ru)"]


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    """Every form as an XForm; ODK Validate is left to the long tests."""
    patch = pytest.MonkeyPatch()
    patch.setattr(shutil, "which", lambda _: None)
    try:
        return {name: forms.xform_of(form, forms.xlsx_of(form))[0] for name, form in FORMS.items()}
    finally:
        patch.undo()


@pytest.mark.parametrize("name", FORMS)
def test_what_a_converted_form_sends_is_read(name: str, made: dict[str, str]) -> None:
    """The instance of the XForm, filled in as a device does, comes back as one row: names and types agree."""
    instance = re.search(r"<instance>\s*(<data .*?</data>)", made[name], re.DOTALL)
    assert instance
    text = instance[1].replace("<truceline_form/>", f"<truceline_form>{name}</truceline_form>")
    for key, value in {**ANSWERS[name], "instanceID": ID}.items():
        assert f"<{key}/>" in text
        text = text.replace(f"<{key}/>", f"<{key}>{escape(value)}</{key}>")
    read = reader.read(io.BytesIO(text.encode()), "s.xml", manner())
    assert (read.table.num_rows, read.rejected.to_pylist()) == (1, [])
    assert all(f'lang="{language}"' in made[name] for language in LANGUAGES.values())


@pytest.mark.long
@pytest.mark.skipif(shutil.which("java") is None, reason="ODK Validate needs Java")
@pytest.mark.parametrize("name", FORMS)
def test_the_validator_of_odk_takes_every_form(name: str) -> None:
    """The program that collects in the field would refuse what it refuses."""
    assert forms.xform_of(FORMS[name], forms.xlsx_of(FORMS[name]))[1]


def test_a_broken_form_is_refused_and_not_written() -> None:
    """What pyxform does not take is a fault of ours that names the form."""
    with pytest.raises(InputError, match="truceline-site"):
        forms.xform_of(FORMS["site"], b"PK nothing")


@pytest.mark.parametrize("langs", [[], ["de"], ["en", "en"], ["en", ""]])
def test_a_language_that_the_forms_do_not_have_is_refused(langs: list[str], tmp_path: Path) -> None:
    """Nothing is written before all of it can be."""
    with pytest.raises(InputError, match="--lang"):
        forms.make_forms(tmp_path / "forms", langs)
    assert not (tmp_path / "forms").exists()


def test_a_folder_that_cannot_be_made_is_a_fault_of_the_disk(tmp_path: Path) -> None:
    """A file stands where the folder should."""
    (tmp_path / "forms").write_bytes(b"")
    with pytest.raises(StoreError, match="folder"):
        forms.make_forms(tmp_path / "forms", ["en"])


# -- from the field to the answer ------------------------------------------------------------------------------------

WATCHED = b"  - {id: watched, kind: define, is: {coverage: 0.5, in: box}}\n"


@pytest.fixture
def agreement(tmp_path: Path) -> Path:
    """The small agreement, and a condition that half of a day in its zone was watched."""
    path = tmp_path / "agreement.yaml"
    path.write_bytes(TEXT + WATCHED)
    return path


def course_of(agreement: Path, *submissions: bytes) -> list[dict[str, Any]]:
    """When the condition held, by what the field sent."""
    file = agreement.parent / "field.zip"
    file.write_bytes(zipped(*submissions))
    course: list[dict[str, Any]] = ask_condition(agreement, "watched", [file], Asked())["course"]
    return course


FIFTH = ("2016-03-04T22:00:00Z", "2016-03-05T22:00:00Z")
"""The fifth of March in Damascus."""


def test_a_look_of_half_a_day_is_half_of_the_coverage(agreement: Path) -> None:
    """Submissions become rows, rows become coverage: it holds on that day, and nothing is known of the others."""
    course = course_of(agreement, xml("negative", **CENTRE))
    assert [one["value"] for one in course] == [0, 1, 0]
    assert (course[1]["from"], course[1]["until"]) == FIFTH
    assert course[0]["reasons"] == ["no coverage"]


def test_three_hours_at_a_closed_gate_open_the_day_again(agreement: Path) -> None:
    """A gate inside the zone takes its hours away from the whole zone: half of the day is no longer sure."""
    course = course_of(agreement, xml("negative", **CENTRE), xml("denied", **SHUT))
    assert {(one["value"], *one["reasons"]) for one in course} == {(0, "no coverage")}
    assert [one["note"] for one in course if one["from"] == FIFTH[0]] == ["denied by gov"]


def test_without_coverage_it_is_said_who_let_nobody_in(agreement: Path) -> None:
    """Silence is not compliance: where the zone was shut for most of the day, the note names who shut it."""
    shut = SHUT | {"since": "2016-03-05T00:00+02:00", "until": "2016-03-05T20:00+02:00", "within_m": "20000"}
    course = course_of(agreement, xml("negative", **CENTRE), xml("denied", **shut))
    assert [(one["value"], one["note"]) for one in course if one["from"] == FIFTH[0]] == [(-1, "denied by gov")]


def test_submissions_are_recognised_without_being_told(agreement: Path, tmp_path: Path) -> None:
    """`truceline add` takes a submission as it lies in the folder of a server."""
    file = tmp_path / "submission.xml"
    file.write_bytes(xml("observation"))
    read = read_evidence(file, open_agreement(agreement), known_at=1_600_000_000)
    assert (read.kind, read.table.num_rows) == ("forms", 1)
