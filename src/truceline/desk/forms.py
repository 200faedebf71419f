"""Forms for the field as files: the seven forms as XLSForms, and as XForms for those who serve them.

What the forms ask stands in `evidence.questions`; this writes it down. The same forms in the same languages are the
same bytes, whenever they are written. XForms need the extra `forms` (pyxform); where Java is at hand, ODK Validate,
which pyxform brings, looks at them too.

Source: XLSForm (xlsform.org); ODK XForms 1.0.
"""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from truceline.canon import sha256
from truceline.desk.files import Tell
from truceline.errors import InputError, StoreError, one_line, quoted
from truceline.evidence.questions import CHOICES, FORMS, LANGUAGES, MARK, VERSION, Form, Question, Words
from truceline.store.disk import write_whole

SURVEY = ("type", "name", "required", "constraint", "relevant", "calculation")
_SAID = ("label", "hint", "constraint_message")
"""Columns that every language has of its own, such as `label::English (en)`."""

_STAMP = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_LONG_AGO = (1980, 1, 1, 0, 0, 0)

Row = dict[str, Any]


def make_forms(folder: Path, langs: Sequence[str], *, as_xform: bool = False, tell: Tell | None = None) -> list[Row]:
    """Write the seven forms into a folder, which is made if it is not there.

    Args:
        folder: where; files of the same names are replaced.
        langs: codes of languages; the first is the one that a form opens in.
        as_xform: write the XForm beside each XLSForm as well.
        tell: told `(what, done, all)` as the work goes on.

    Returns:
        A row for each file: form, title, kind, name, bytes, SHA-256, number of questions, and whether it was validated.

    Raises:
        InputError: a language that the forms do not have, one twice, or pyxform is not installed. StoreError: the disk.
    """
    _check(langs)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the folder {quoted(folder)}: {error.strerror}") from None
    made = []
    for i, form in enumerate(FORMS.values()):
        if tell:
            tell(form.id, i, len(FORMS))
        data = xlsx_of(form, langs)
        made.append(_written(folder, form, f"{form.id}.xlsx", data, kind="xlsform", is_valid=None))
        if as_xform:
            text, is_valid = xform_of(form, data)
            made.append(_written(folder, form, f"{form.id}.xml", text.encode(), kind="xform", is_valid=is_valid))
    return made


def xlsx_of(form: Form, langs: Sequence[str] = tuple(LANGUAGES)) -> bytes:
    """A form as an XLSForm: the sheets `survey`, `choices` and `settings`."""
    book = Workbook()
    del book["Sheet"]
    _sheet(book, "survey", [*SURVEY, *_columns(langs)], _survey(form, langs))
    _sheet(book, "choices", ["list_name", "name", *_columns(langs, ("label",))], _choices(form, langs))
    settings = {
        "form_title": getattr(form.title, langs[0]), "form_id": form.id, "version": VERSION,
        "default_language": LANGUAGES[langs[0]],
    }  # fmt: skip
    _sheet(book, "settings", list(settings), [settings])
    out = io.BytesIO()
    book.save(out)
    return _without_clock(out.getvalue())


def xform_of(form: Form, xlsx: bytes) -> tuple[str, bool]:
    """An XLSForm as an XForm, and whether ODK Validate, which needs Java, has looked at it.

    Raises:
        InputError: pyxform is not installed, or the form is not one.
    """
    try:
        from pyxform.errors import PyXFormError  # noqa: PLC0415  # an extra, and slow to load
        from pyxform.validators.odk_validate import ODKValidateError  # noqa: PLC0415  # the same
        from pyxform.xls2xform import convert  # noqa: PLC0415  # the same
    except ImportError:
        raise InputError("`--xform` needs pyxform: install the extra `forms`") from None
    has_java = shutil.which("java") is not None
    try:
        made = convert(xlsx, warnings=[], validate=has_java, pretty_print=True, form_name="data", file_type=".xlsx")
    except (PyXFormError, ODKValidateError) as error:
        raise InputError(f"{form.id}: not a form: {one_line(str(error))}") from None
    return str(made.xform), has_java


def _check(langs: Sequence[str]) -> None:
    known = ", ".join(LANGUAGES)
    if not langs or len(set(langs)) < len(langs):
        raise InputError(f"`--lang`: expected languages of {known}, each once, got {quoted(','.join(langs))}")
    for lang in langs:
        if lang not in LANGUAGES:
            raise InputError(f"`--lang`: expected languages of {known}, got {quoted(lang)}")


def _written(folder: Path, form: Form, name: str, data: bytes, *, kind: str, is_valid: bool | None) -> Row:
    write_whole(folder / name, data)
    return {
        "form": form.name, "title": form.title.en, "kind": kind, "file": str(folder / name), "bytes": len(data),
        "sha256": sha256(data), "questions": len(form.questions), "validated": is_valid,
    }  # fmt: skip


# -- sheets ----------------------------------------------------------------------------------------------------------


def _columns(langs: Iterable[str], said: Sequence[str] = _SAID) -> list[str]:
    return [f"{what}::{LANGUAGES[lang]}" for what in said for lang in langs]


def _survey(form: Form, langs: Sequence[str]) -> Iterable[Row]:
    yield {"type": "calculate", "name": MARK, "calculation": f"'{form.name}'"}
    for question in form.questions:
        yield _asked(question, langs)


def _asked(question: Question, langs: Sequence[str]) -> Row:
    texts = {"label": question.label, "hint": question.hint, "constraint_message": question.message}
    return {
        "type": question.kind, "name": question.name, "required": "yes" if question.needed else "",
        "constraint": question.constraint, "relevant": question.relevant,
        **{key: value for what, words in texts.items() if words for key, value in _said(what, words, langs).items()},
    }  # fmt: skip


def _choices(form: Form, langs: Sequence[str]) -> Iterable[Row]:
    for name in dict.fromkeys(question.choices for question in form.questions if question.choices):
        for answer, words in CHOICES[name].items():
            yield {"list_name": name, "name": answer, **_said("label", words, langs)}


def _said(what: str, words: Words, langs: Sequence[str]) -> dict[str, str]:
    return {f"{what}::{LANGUAGES[lang]}": getattr(words, lang) for lang in langs}


def _sheet(book: Workbook, title: str, head: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    sheet = book.create_sheet(title)
    sheet.append(list(head))
    for row in rows:
        sheet.append([row.get(column) or None for column in head])


def _without_clock(data: bytes) -> bytes:
    """The same workbook without the time at which it was written: the same forms are the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as given, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in given.namelist():
            content = given.read(name)
            if name == "docProps/core.xml":
                content = _STAMP.sub(b"1980-01-01T00:00:00Z", content)
            made.writestr(zipfile.ZipInfo(name, _LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
