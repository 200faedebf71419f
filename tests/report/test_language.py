"""What is said: complete catalogues, right plural forms, and one filter between our words and everything else."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from tests.report.pages import parts, visible
from tests.report.specimens import FULL
from truceline.errors import InputError
from truceline.report import page
from truceline.report.closed import CLOSED
from truceline.report.language import LANGUAGES, Words, catalogue_files
from truceline.verdict import Reason

SOURCE = Path(page.__file__).parent
SCREENS = SOURCE.parent / "web" / "routes" / "screens"
OTHERS = ("ar", "ru")
JINJA: Any = babel_extract  # Babel asks for less than Jinja takes
CALLS = {"say": None, "count": (1, 2)}
SAME_IN_RUSSIAN = {"; ", ", ", ": ", "{sure}, {possible}, {no}; {harm}."}

Message = tuple[str | None, str | tuple[str, ...]]


@cache
def said() -> tuple[Message, ...]:
    """Everything that the page can say: in templates, in modules, and the closed lists; the sources are read once."""
    return tuple(_said())


def _said() -> Iterator[Message]:
    for file in sorted(SOURCE.rglob("*.j2")):
        options = {"trim_blocks": "true", "lstrip_blocks": "true"}
        for _, message, _, _ in extract(JINJA, io.BytesIO(file.read_bytes()), CALLS, options=options):
            yield None, message
    for file in sorted([*SOURCE.rglob("*.py"), *SCREENS.rglob("*.py")]):
        for _, message, _, _ in extract("python", io.BytesIO(file.read_bytes()), CALLS):
            yield None, message
    yield None, page.LAW
    for context, words in CLOSED.items():
        yield from ((context, english) for english in words.values())


@cache
def catalogue(lang: str) -> Catalog:
    """The catalogue as it is committed, from all of its files."""
    whole = Catalog(locale=lang)
    for data in catalogue_files(lang).values():
        one = read_po(io.BytesIO(data), locale=lang)
        whole.obsolete.update(one.obsolete)
        for message in one:
            if message.id:
                whole[message.id] = message
    return whole


def fields(text: str) -> set[str]:
    """The places for values in a sentence."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@cache
def translations(lang: str) -> tuple[tuple[Message, tuple[str, ...]], ...]:
    """Every message with its translations."""
    held, made = catalogue(lang), list[tuple[Message, tuple[str, ...]]]()
    for context, message in said():
        key = message[0] if isinstance(message, tuple) else message
        found = held.get(key, context)
        string = found.string if found is not None else ""
        made.append(((context, message), tuple(string) if isinstance(string, (tuple, list)) else (str(string),)))
    return tuple(made)


@pytest.mark.parametrize("lang", OTHERS)
def test_every_sentence_is_translated(lang: str) -> None:
    """A page that falls back to English in the middle serves one side less."""
    assert [message for message, strings in translations(lang) if not all(strings)] == []


@pytest.mark.parametrize("lang", OTHERS)
def test_nothing_is_fuzzy_or_left_over(lang: str) -> None:
    """A guessed translation is none, and one for a sentence that is gone hides a missing one."""
    known = {(context, message[0] if isinstance(message, tuple) else message) for context, message in said()}
    held = [m for m in catalogue(lang) if m.id]
    assert [m.id for m in held if m.fuzzy] == []
    ids = {(m.context, m.id[0] if isinstance(m.id, (tuple, list)) else m.id) for m in held}
    assert ids - known == set()
    assert not catalogue(lang).obsolete


@pytest.mark.parametrize("lang", OTHERS)
def test_no_sentence_is_in_two_files(lang: str) -> None:
    """Else it is said in one way here and in another there."""
    found = [
        (message.context, message.id[0] if isinstance(message.id, (tuple, list)) else message.id)
        for data in catalogue_files(lang).values()
        for message in read_po(io.BytesIO(data), locale=lang)
        if message.id
    ]
    assert [one for one, n in Counter(found).items() if n > 1] == []


ONE_WORD = [
    ("ru", r"\b(on|of|in|no|to|what) (the |no )?record\b(?! of)", "реестр|запись$|в запис[ьи]|ни одной записи"),
    ("ru", r"\bdesk\b", "бюро|секретариат"),
    ("ru", r"\breceipt\b", "расписк"),
    ("ru", r"\backnowledge(d|ment|ments)?\b", "расписк|^Подтвердить за|^подтверждено"),
    ("ru", r"\ballegations?\b", "заявлени"),
    ("ar", r"\b(not a|no) finding\b", "نتيجة تحق"),
    ("ar", r"\bpause\b", "هدنة"),
    ("ar", r"\bnotification desk\b", "مكتب الإخطارات"),
    ("ar", r"\backnowledge(s|d|ment|ments)?\b", "إيصال|بالاستلام"),
    ("ar", r"\bpositions?\b", "المواقع"),
]


@pytest.mark.parametrize(("lang", "english", "not_so"), ONE_WORD)
def test_one_thing_has_one_word(lang: str, english: str, not_so: str) -> None:
    """A second word for the same thing reads as a second thing, and a side would ask which is meant."""
    found = [
        (message, text)
        for (_, message), strings in translations(lang)
        if re.search(english, message[0] if isinstance(message, tuple) else message, re.IGNORECASE)
        for text in strings
    ]
    assert found
    assert [one for one in found if re.search(not_so, one[1])] == []


def test_a_receipt_is_given_and_never_asked_for() -> None:
    """What a recipient says of a notice is an acknowledgement; a receipt is what the log or the desk gives."""
    english = {message[0] if isinstance(message, tuple) else message for _, message in said()}
    assert [
        one for one in english if re.search(r"receipts? (is|are) (awaited|late)|receipt of a notification", one)
    ] == []


@pytest.mark.parametrize("lang", OTHERS)
def test_no_two_screens_have_one_name(lang: str) -> None:
    """The log of words is not the log of entries."""
    names = [str(Words(lang).say(english)) for english in ("Log of words", "Log", "Ledger", "Record")]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("lang", OTHERS)
def test_translations_keep_their_values(lang: str) -> None:
    """A number that is left out of a translation is a number one side does not see."""
    for (_, message), strings in translations(lang):
        wanted = fields(message[-1] if isinstance(message, tuple) else message)
        for form, text in enumerate(strings):
            spelt_out = {"n"} if isinstance(message, tuple) and lang == "ar" and form in (0, 1, 2) else set()
            assert wanted - spelt_out <= fields(text) <= wanted, (message, text)


@pytest.mark.parametrize(("lang", "letters"), [("ar", "[\u0621-\u064a]"), ("ru", "[а-яё]")])
def test_translations_are_in_their_language(lang: str, letters: str) -> None:
    """A key copied into the catalogue is no translation."""
    for (_, message), strings in translations(lang):
        if message not in SAME_IN_RUSSIAN:
            assert all(re.search(letters, text) for text in strings), message


@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("lang", OTHERS)
def test_every_reason_has_its_words(reason: Reason, lang: str) -> None:
    """A new reason must not reach a page without its name, its meaning and what settles it."""
    words = Words(lang)
    for context, english in (("reason", reason.value), ("meaning", reason.meaning), ("settled by", reason.settled_by)):
        said_ = str(words.word(context, reason.value))
        assert said_ != english and "<bdi" not in said_


def reports(lang: str, n: int) -> str:
    """How a number of reports is said, without elements."""
    return re.sub(
        "<[^>]+>", "", Words(lang).count("{n} report up to {when}.", "{n} reports up to {when}.", n, when=".")
    )


def test_arabic_has_six_forms() -> None:
    """None, one, two, three to ten, eleven to ninety-nine, a hundred: each is said in its own way."""
    heads = {n: reports("ar", n).split(" حتى")[0] for n in (0, 1, 2, 3, 10, 11, 99, 100, 103, 111, 200)}
    assert heads == {
        0: "0 تقرير", 1: "تقرير واحد", 2: "تقريران", 3: "3 تقارير", 10: "10 تقارير", 11: "11 تقريراً", 99: "99 تقريراً",
        100: "100 تقرير", 103: "103 تقارير", 111: "111 تقريراً", 200: "200 تقرير",
    }  # fmt: skip


def test_russian_has_three_forms() -> None:
    """One, two to four, and the rest, by the last digits."""
    heads = [reports("ru", n).split(" до")[0] for n in (1, 2, 5, 11, 12, 21, 24, 101, 111)]
    assert heads == [
        "1 сообщение", "2 сообщения", "5 сообщений", "11 сообщений", "12 сообщений", "21 сообщение", "24 сообщения",
        "101 сообщение", "111 сообщений",
    ]  # fmt: skip


def test_english_has_two_forms() -> None:
    """One report, and all other numbers of reports."""
    assert [reports("en", n).split(" up")[0] for n in (0, 1, 2)] == ["0 reports", "1 report", "2 reports"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_digit_on_the_page_is_kept_apart(lang: str) -> None:
    """Without it Arabic shows 2016-02-27 as 27-02-2016; drawings set their own direction."""
    loose = [
        (text, path)
        for text, path in parts("full", lang).texts
        if re.search(r"\d", text) and not {"bdi", "svg", "style", "title"} & set(path) and path[-1] != "span"
    ]
    assert loose == []


def test_digits_are_western_everywhere() -> None:
    """Both sides read the same figures."""
    assert not re.search("[\u0660-\u0669\u06f0-\u06f9]", visible("full", "ar"))


def test_foreign_text_has_its_direction_and_language() -> None:
    """A name in another script must neither turn the sentence round nor be read in the wrong voice."""
    assert str(Words("en").apart("فصيل (أ)")) == '<bdi dir="rtl" lang="ar">فصيل (أ)</bdi>'
    assert str(Words("ar").apart("group A, no. 3")) == '<bdi dir="ltr" lang="en">group A, no. 3</bdi>'
    assert str(Words("ar").apart("+5,805")) == '<bdi dir="ltr" class="k">+5,805</bdi>'
    assert str(Words("ru").apart(12345)) == '<bdi dir="ltr" class="k">12\u00a0345</bdi>'


def test_marks_that_turn_text_round_are_dropped() -> None:
    """A report could show `exe.png` for `gnp.exe`."""
    assert str(Words("en").apart("a\u202egnp.exe\u2066 b\n<i>")) == '<bdi dir="ltr">agnp.exe b &lt;i&gt;</bdi>'


def test_a_moment_shows_both_clocks() -> None:
    """A cut-off hour without its zone is another hour for each reader."""
    text = re.sub("<[^>]+>", "", Words("ar", "Asia/Damascus").moment(FULL.cut_off))
    assert text == "2016-04-01 00:00 Asia/Damascus UTC+03:00 = 2016-03-31 21:00 UTC"


def test_times_of_sources_are_said_in_the_language() -> None:
    """The precision is a word of ours, the dates are the source's."""
    text = re.sub("<[^>]+>", "", Words("ru").when("2016-03-01 to 2016-03-31 (month)"))
    assert text == "2016-03-01 – 2016-03-31 (с точностью до месяца)"
    assert re.sub("<[^>]+>", "", Words("ru").when("some day (soon)")) == "some day (soon)"


def test_no_other_language_is_taken() -> None:
    """The name of a language is never a path."""
    with pytest.raises(InputError):
        Words("../ar")
