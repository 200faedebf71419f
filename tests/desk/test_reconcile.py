"""Two lists of a case or of files: who speaks for whom, what is shown, and that swapped sides mirror everything."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.desk.test_records import NOON, case, later, own  # noqa: F401  # fixtures
from tests.evidence.bench import REPORT, SHIPPED, bench
from truceline import LAW
from truceline.desk import add_files, records
from truceline.desk.lists import Speakers, safe
from truceline.desk.reconcile import Reconciled, reconcile_answer
from truceline.desk.reconcile_sheet import readme, write_page, write_table
from truceline.desk.records import Draft
from truceline.errors import InputError
from truceline.evidence import contradictions
from truceline.evidence.counting import read_rules
from truceline.evidence.schema import SCHEMA
from truceline.store.folder import CaseFolder

AGREEMENT, REPORTS, LEDGERS = (SHIPPED / name for name in ("agreement.yaml", "reports.jsonl", "ledgers.csv"))
FINE = re.compile(r"3[56][.,]?[69][35]")
"""The position of `own_table`, however it is written."""


@cache
def read(a: str, b: str) -> str:
    """The answer for the shipped reports and totals, as JSON so that no test changes another's."""
    return json.dumps(reconcile_answer(AGREEMENT, (REPORTS,), Reconciled(a, b, ledgers=LEDGERS)))


def shipped(a: str = "gov", b: str = "opp") -> dict[str, Any]:
    """The answer for the shipped reports and totals."""
    made: dict[str, Any] = json.loads(read(a, b))
    return made


def asked(*files: Path, a: str = "gov", b: str = "opp", **more: Any) -> dict[str, Any]:  # noqa: ANN401  # as asked
    """The answer for the shipped agreement."""
    return reconcile_answer(AGREEMENT, files or (REPORTS,), Reconciled(a, b, **more))


def mirrored(value: Any) -> Any:  # noqa: ANN401  # plain values
    """An answer with `a` and `b` swapped wherever they stand for a side."""
    turn = {"a": "b", "b": "a"}
    if isinstance(value, dict):
        made = {}
        for name, inner in value.items():
            head, _, side = name.rpartition("_")
            key = turn.get(name) or (f"{head}_{turn[side]}" if side in turn and head else name)
            made[key] = turn.get(inner, inner) if name == "side" else mirrored(inner)
        return made
    return [mirrored(one) for one in value] if isinstance(value, list) else value


def said(id_: str, by: str, **changes: Any) -> str:  # noqa: ANN401  # fields of a report
    """A report by one side as a line."""
    return json.dumps({**REPORT, "id": id_, "claimed_by": by, **changes})


def written(folder: Path, *lines: str) -> Path:
    """A file of reports."""
    path = folder / "made.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


# -- the shipped case --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("a", "b"), [("gov", "opp"), ("ru", "tr")])
def test_swapping_the_sides_mirrors_the_answer(a: str, b: str) -> None:
    """Neither side comes first: the whole answer is the same with the sides swapped."""
    one, other = (shipped(x, y) for x, y in ((a, b), (b, a)))
    assert mirrored(one) == other
    assert mirrored(one) != one


def test_the_denied_strike_on_a_hospital_is_contested() -> None:
    """Both speak of it: one accuses, the other denies; what agrees and what differs is told."""
    (pair,) = shipped()["pairs"]
    assert (pair["a"]["id"], pair["b"]["id"], pair["state"]) == ("sy-051", "sy-049", "contested")
    assert pair["differs"] == ["happened"]
    assert {"place", "time"} <= set(pair["agrees"])


def test_every_entry_stands_in_one_place_and_is_counted_there() -> None:
    """Numbers of a side add up to its list."""
    answer = shipped("ru", "tr")
    for side in ("a", "b"):
        told = answer[side]
        assert told["entries"] == sum(told[key] for key in ("both", "contested", "open", "only")) > 0
        assert told["entries"] == sum(one["entries"] for one in told["speakers"])


def test_counts_over_a_period_and_words_are_no_entries() -> None:
    """49 reports of the case are ledgers and 20 are statements: none of them stands on a list."""
    kinds = {json.loads(line)["id"]: json.loads(line)["kind"] for line in REPORTS.read_text("utf-8").splitlines()}
    answer = shipped("ru", "tr")
    listed = [one["entry"]["id"] for key in ("only", "open") for side in "ab" for one in answer[f"{key}_{side}"]]
    assert listed
    assert not {kinds[id_] for id_ in listed} & {"ledger", "statement", "acceptance", "extension"}


def test_the_published_totals_are_checked_beside_the_lists() -> None:
    """23 periods that both sides of the commission counted; in March 2017 it is 24, 82, 93 and none confirmed."""
    totals = shipped("ru", "tr")["totals"]
    assert (totals["rows"], totals["rejected_rows"], len(totals["beside"])) == (99, 0, 23)
    assert [one["line"] for one in totals["mismatches"]] == [39, 44, 56, 62]
    week = next(one for one in totals["beside"] if one["first"] == "2017-03-10")
    (russia,), (turkey,) = week["a"], week["b"]
    assert (russia["count"], turkey["count"], turkey["items_sum"], turkey["check"]) == ("24", "82", "93", "mismatch")
    assert turkey["confirmed"] == {"confirmed": 0, "of": 82, "besides": None}


def test_only_a_period_is_asked_for() -> None:
    """`--from` and `--until` cut both lists and the totals alike."""
    cut = asked(a="ru", b="tr", since="2017-03-01", until="2017-04-01", ledgers=LEDGERS)
    assert (cut["a"]["entries"], cut["b"]["entries"]) == (0, 0)
    assert [one["first"] for one in cut["totals"]["beside"]] == ["2017-03-10", "2017-03-24"]
    assert cut["from"] == "2017-02-28T22:00:00Z"


# -- who speaks for whom -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "sides"),
    [
        ("Russian MoD", ("a",)), ("Russian MoD (reconciliation centre)", ("a",)), ("Kremlin", ("a",)),
        ("Turkish side of commission (via Russian bulletin)", ("b",)), ("russian mod (some other remark)", ("a",)),
        ("Russian side of Russia-Turkey commission", ("a",)), ("SOHR", ()), ("a stranger", ()), ("", ()),
        ("Syrian army", ()),
    ],
)  # fmt: skip
def test_institutions_speak_for_their_party(name: str, sides: tuple[str, ...]) -> None:
    """By the tables of the case; a monitor and a stranger speak for nobody."""
    speakers = Speakers(bench(), read_rules((SHIPPED / "counting.csv").read_bytes()), "ru", "tr")
    assert speakers.sides(name) == sides


def test_what_both_assert_together_stands_on_neither_list(tmp_path: Path) -> None:
    """A joint statement is nobody's own list."""
    answer = asked(written(tmp_path, said("x", "US and Russia")), a="us", b="ru")
    assert (answer["together"], answer["a"]["entries"], answer["b"]["entries"]) == (1, 0, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a": "nobody"}, "expected a party of the agreement, got `nobody`"),
        ({"b": "gov-air"}, "expected two sides"),
        ({"b": "gov"}, "expected two sides"),
        ({"since": "soon"}, "expected a date or time"),
        ({"since": "2016-03-02", "until": "2016-03-01"}, "not after"),
        ({"known_at": "#3"}, "needs a case folder"),
        ({"ledgers": AGREEMENT}, "no table of published totals"),
        ({"rules": AGREEMENT}, "expected the columns"),
    ],
)
def test_bad_questions_get_one_line(change: dict[str, Any], message: str) -> None:
    """A side that is none, two that are one, a table that is none."""
    with pytest.raises(InputError, match=re.escape(message)) as error:
        asked(**{"a": "gov", "b": "opp", **change})
    assert len(str(error.value).splitlines()) == 1


def test_ten_reports_of_one_incident_are_one_entry(tmp_path: Path) -> None:
    """With what the search for duplicates says, two accounts of a side are one; a denial stays apart."""
    said_so = tmp_path / "incidents.json"
    told = [{"id": "i", "reports": ["r1", "r2", "r3", "d"]}]
    said_so.write_text(json.dumps({"pairs": [], "incidents": told}))
    accused = {"actor_claimed": "Ahrar al-Sham"}
    made = written(
        tmp_path, *(said(f"r{n}", "Syrian army", **accused) for n in (1, 2)), said("r3", "HNC", **accused),
        said("d", "Syrian army", act="hospital hit (denied)", start="2016-03-09"),
    )  # fmt: skip
    assert asked(made)["pairs"] == []
    answer = asked(made, incidents=said_so)
    (pair,) = answer["pairs"]
    assert (pair["a"]["id"], pair["a"]["also"], pair["b"]["id"]) == ("r1", ["r2"], "r3")
    assert answer["a"]["entries"] == 2


@pytest.mark.parametrize(
    "data",
    ["", "[]", '{"incidents": 5}', '{"incidents": [{"id": "a", "reports": ["x"]}, {"id": "b", "reports": ["x"]}]}'],
)
def test_incidents_that_are_none_are_refused(tmp_path: Path, data: str) -> None:
    """Another document, or a report in two incidents, is refused in one line."""
    path = tmp_path / "i.json"
    path.write_text(data)
    with pytest.raises(InputError, match=r"i\.json") as error:
        asked(incidents=path)
    assert len(str(error.value).splitlines()) == 1


# -- what is shown -----------------------------------------------------------------------------------------------------


def own_table(folder: Path, **changes: Any) -> Path:  # noqa: ANN401  # fields of a row
    """A table of one observation by the Syrian army."""
    row = {
        "id": "t-1", "source": "posts", "kind": "incident", "start": 1_457_136_000, "end": 1_457_139_600,
        "impact": {"kind": "disc", "lon_e7": 366_500_000, "lat_e7": 359_300_000, "radius_m": 100, "country": "SY"},
        "act": ["shelling"], "act_text": "shelling", "actor": ["ahrar"], "asserted_by": "Syrian army",
        "place_text": "the house behind the mosque, 35.93412, 36.65123", "actor_text": "men at 35.93412 36.65123",
        **changes,
    }  # fmt: skip
    path = folder / "own.parquet"
    pq.write_table(pa.Table.from_pylist([row], schema=SCHEMA), path)
    return path


def test_no_fine_place_leaves(tmp_path: Path) -> None:
    """Of a source that is no town source the unit is told; words that hold a position are left out everywhere."""
    answer = asked(own_table(tmp_path))
    (one,) = answer["only_a"]
    assert (one["entry"]["place"], one["entry"]["actor"]) == ("Idlib", None)
    assert write_table(answer, tmp_path / "t.csv") == 1
    write_page(answer, tmp_path / "t.html", "en")
    body = re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", (tmp_path / "t.html").read_text("utf-8"), flags=re.S)
    for text in (json.dumps(answer), (tmp_path / "t.csv").read_text("utf-8"), body):
        assert not FINE.search(text)


def test_a_presence_is_told_to_the_unit_only(tmp_path: Path) -> None:
    """Where forces stand is told more coarsely than where something happened, in a public source too."""
    shown = asked(written(tmp_path, said("p", "Syrian army", act="massing of fighters", kind="force_movement")))
    assert [one["entry"]["place"] for one in shown["only_a"]] == ["Idlib"]


def test_what_may_not_be_passed_on_is_matched_counted_and_left_out(tmp_path: Path) -> None:
    """Its words are in no answer, no table and no page; how many there are is said."""
    answer = asked(own_table(tmp_path, may_export=False, place_text="SECRET-PLACE"), REPORTS)
    assert (answer["left_out"], answer["a"]["left_out"]) == (1, 1)
    assert [one["entry"] for one in answer["only_a"]].count(None) == 1
    rows = write_table(answer, tmp_path / "t.csv")
    assert rows == sum(len(answer[key]) for key in ("pairs", "only_a", "only_b", "open_a", "open_b")) - 1
    write_page(answer, tmp_path / "t.html", "en")
    shown = json.dumps(answer) + (tmp_path / "t.csv").read_text("utf-8") + (tmp_path / "t.html").read_text("utf-8")
    assert "SECRET" not in shown
    assert "t-1" not in shown
    assert "Left out, because their terms forbid passing them on: 1" in readme(answer)


def test_the_table_is_mirrored_and_carries_the_law(tmp_path: Path) -> None:
    """Swapped sides swap the halves of each row; the file beside it says sources, filter and the law."""
    tables = []
    for name, (a, b) in (("one", ("gov", "opp")), ("other", ("opp", "gov"))):
        write_table(shipped(a, b), tmp_path / f"{name}.csv")
        with (tmp_path / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            tables.append(list(csv.DictReader(file)))
    turned = [{_turned(name): value for name, value in row.items()} for row in tables[0]]
    assert turned == tables[1]
    told = (tmp_path / "one.README.txt").read_text("utf-8")
    assert told.rstrip().endswith(LAW)
    assert "reports.jsonl" in told


def _turned(name: str) -> str:
    side, mark, rest = name.partition("_")
    return {"a": "b", "b": "a"}.get(side, side) + mark + rest


def test_hostile_words_are_no_formulas_and_no_markup(tmp_path: Path) -> None:
    """A party's own words are shown as words."""
    line = said("=1+1", "Syrian army", act="shelling", weapon="<script>alert(1)</script>", target_claimed="@SUM(A1)")
    answer = asked(written(tmp_path, line))
    write_table(answer, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        cells = [value for row in csv.DictReader(file) for value in row.values()]
    assert not any(value[:1] in ("=", "@", "+", "-") for value in cells)
    write_page(answer, tmp_path / "t.html", "ar")
    assert "<script" not in (tmp_path / "t.html").read_text("utf-8")


def test_a_text_that_holds_a_position_is_no_text() -> None:
    """One place decides it for all words of others."""
    assert (safe("near 35.93412, 36.65123"), safe("Aleppo"), safe(None)) == ("", "Aleppo", "")


@pytest.mark.parametrize(
    "text",
    [
        "call 0944-123-456",
        "+963(944)123456",
        "0 9 4 4 1 2 3 4 5 6",
        "٠٩٤٤١٢٣٤٥٦",
        "0944·123·456",
        "0944 12 34",
        "a@b.org",
    ],
)
def test_what_reaches_a_person_is_no_text(text: str) -> None:
    """A telephone number in any of its shapes, or an address."""
    assert safe(text) == ""


@pytest.mark.parametrize(
    "text",
    ["S/2016/199", "resolution 2254 (2015)", "26.02.2016 14:30", "100,000 people", "0 of 82", "2016-02-26 (days)"],
)
def test_dates_and_symbols_are_no_telephone_numbers(text: str) -> None:
    """Publishers and words keep their years."""
    assert safe(text) == text


# -- for whom ----------------------------------------------------------------------------------------------------------

PUBLISHED = {"url": "https://example.org/1", "published": "2016-03-06"}


def listed(answer: Mapping[str, Any], side: str = "a") -> tuple[list[str], dict[str, int]]:
    """The entries of a side that are shown and stand on its list alone, and those that are withheld."""
    shown = [one["entry"]["id"] for one in answer[f"only_{side}"] if one["entry"]]
    return shown, {why: n for why, n in answer[side]["withheld"].items() if n}


def test_a_persons_account_is_shown_to_the_secretariat_only(tmp_path: Path) -> None:
    """Without consent it is used for nothing; it is counted, and why it is not shown is said."""
    made = own_table(tmp_path, reporter_withheld=True, url="https://example.org/1")
    assert listed(asked(made)) == (["t-1"], {})
    for reader in ("public", "party:opp"):
        answer = asked(made, reader=reader)
        assert (listed(answer), answer["reader"], answer["left_out"]) == (([], {"consent": 1}), reader, 1)
        assert "Left out, because nobody has consented to this use: 1" in readme(answer)
        assert f"For: {reader}" in readme(answer)
        assert write_table(answer, tmp_path / "t.csv") == 0


def test_the_public_sees_what_was_published_by_its_day_and_town(tmp_path: Path) -> None:
    """The place ladder is the one of the pages: nothing unpublished, no hour, no presence."""
    day = {"start": "2016-03-05T14:30", "precision": "exact"}
    made = written(
        tmp_path, said("new", "Syrian army"), said("old", "Syrian army", **PUBLISHED, **day),
        said("p", "Syrian army", act="massing of fighters", kind="force_movement", **PUBLISHED),
    )  # fmt: skip
    answer = asked(made, reader="public")
    assert listed(answer) == (["old"], {"place": 2})
    (one,) = (one["entry"] for one in answer["only_a"] if one["entry"])
    assert (one["when"], one["from"], one["until"]) == ("2016-03-05", "2016-03-04T22:00:00Z", "2016-03-05T22:00:00Z")
    assert listed(asked(made, reader="party:opp")) == (["new", "old"], {"place": 1})


def test_a_place_finer_than_a_town_is_told_by_its_unit(tmp_path: Path) -> None:
    """By the source's own word and the signed precision table; units have their names in each language."""
    place = {**REPORT["place"], "name_en": "The bakery of Exville", "place_precision": "site"}
    (one,) = asked(written(tmp_path, said("s", "Syrian army", place=place)))["only_a"]
    assert one["entry"]["place"] == "Idlib"
    assert [sorted(names) for names in one["entry"]["units"]] == [["ar", "en", "ru"]]


def test_a_unit_in_other_words_has_its_names(tmp_path: Path) -> None:
    """`Idlib governorate` is the unit, and each page writes it in its language; a town is none."""
    place = {**REPORT["place"], "name_en": "Idlib governorate", "place_precision": "governorate"}
    town = {**REPORT["place"], "place_precision": "town"}
    lines = [said("u", "Syrian army", place=place), said("t", "Syrian army", place=town, start="2016-04-05")]
    shown = {one["entry"]["id"]: one["entry"]["units"] for one in asked(written(tmp_path, *lines))["only_a"]}
    assert (shown["u"][0]["ru"], shown["t"]) == ("Идлиб", [])


@pytest.mark.parametrize("reader", ["", "party:", "party:nobody", "everybody"])
def test_a_reader_that_is_none_is_refused(reader: str) -> None:
    """A misspelt reader must not be read as another."""
    with pytest.raises(InputError, match="--for"):
        asked(reader=reader)


def test_no_field_carries_a_position_or_a_number_to_call(tmp_path: Path) -> None:
    """Speakers, ids, issuers, regions, parts, units, columns and reasons all pass through one sieve."""
    fine = "35.93412, 36.65123"
    made = own_table(
        tmp_path, id=f"r at {fine}", asserted_by=f"Syrian army (post at {fine})", weapon="+963 944 123 456",
        count_unit=f"shells at {fine}", count_low=3, count_high=3, publisher="call 0944 123456",
    )  # fmt: skip
    totals = tmp_path / "l.csv"
    cell = (
        f'"SANA {fine}",2016-03-05,2016-03-06,"Post {fine}",9,"men at {fine}","N {fine}=4 (a {fine}=1)","","no {fine}"'
    )
    bad = f'"A",2016-03-05,"{fine}","B",9,"C","","",""'
    totals.write_text(
        f"issuer,period_start,period_end,region,count,unit,breakdown,items_sum,sum_check\n{cell}\n{bad}\n"
    )
    answer = asked(made, ledgers=totals)
    write_table(answer, tmp_path / "t.csv")
    write_page(answer, tmp_path / "t.html", "en")
    body = re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", (tmp_path / "t.html").read_text("utf-8"), flags=re.S)
    for text in (json.dumps(answer), (tmp_path / "t.csv").read_text("utf-8"), body):
        assert not FINE.search(text)
        assert "944" not in text
    assert answer["a"]["speakers"] == [{"name": "Syrian army", "entries": 1}]
    (one,) = answer["only_a"]
    assert re.fullmatch(r"row-[0-9a-f]{16}", one["entry"]["id"])
    assert one["entry"]["asserted_by"] == "Syrian army"


# -- whose rules -------------------------------------------------------------------------------------------------------


def test_a_text_without_counting_rules_has_none(tmp_path: Path) -> None:
    """Those of another agreement say nothing of this one; the page and the file beside the table say so."""
    for name in (path.name for path in SHIPPED.iterdir() if path.suffix in (".yaml", ".csv", ".geojson")):
        if name != "counting.csv":
            (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    answer = reconcile_answer(tmp_path / "agreement.yaml", (REPORTS,), Reconciled("ru", "tr"))
    assert [answer["counting"]["rules"][side]["stated"] for side in "ab"] == [False, False]
    assert answer["inputs"] == {"rules": None, "ledgers": None, "incidents": None}
    (warning,) = [one for one in answer["warnings"] if "counting.csv" in one]
    assert f"Warning: {warning}" in readme(answer)
    write_page(answer, tmp_path / "t.html", "ru")
    assert warning in (tmp_path / "t.html").read_text("utf-8")


def test_a_case_and_a_text_read_their_own_rules_and_their_hashes_are_told(case: CaseFolder) -> None:  # noqa: F811
    """The table that was kept with the text decides; what decides has its hash in the answer."""
    digest = hashlib.sha256((SHIPPED / "counting.csv").read_bytes()).hexdigest()
    one, other = reconcile_answer(case.path, (), Reconciled("us", "ru")), shipped()
    for answer in (one, other):
        assert answer["inputs"]["rules"] == {"file": "counting.csv", "sha256": digest}
        assert f"Read with: rules: counting.csv ({digest})" in readme(answer)
    assert one["counting"]["rules"]["b"]["stated"]
    assert other["inputs"]["ledgers"]["sha256"] == hashlib.sha256(LEDGERS.read_bytes()).hexdigest()


def test_too_many_totals_of_one_kind_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the answer stands."""
    monkeypatch.setattr(contradictions, "MOST_ALIKE", 20)
    answer = asked(a="ru", b="tr", ledgers=LEDGERS)
    assert any("not searched for contradictions" in one for one in answer["warnings"])


# -- a case folder -----------------------------------------------------------------------------------------------------


def appended(folder: CaseFolder, draft: Draft, *cosigners: str, after: int) -> int:
    """A statement, signed by all it needs, in the record; its index."""
    one, files = records.prepare(folder, draft, later(after))
    for party in cosigners:
        one = records.cosign_entry(folder, one, party)
    return records.submit(folder, one, files, later(after)).index


def test_allegations_of_the_record_are_entries_with_each_sides_finding_beside_the_joint_one(
    case: CaseFolder,  # noqa: F811
    tmp_path: Path,
) -> None:
    """What a guarantor lodged is matched with what the other reported; each holds for itself, then both together."""
    alleged = {"text": "shelling of a town", "terms": ["F4"], "against": "gov", "day": "2016-03-05", "units": ["SY-ID"]}
    lodged = appended(case, Draft("allegation", alleged, "us"), after=60)
    add_files(
        case, [written(tmp_path, said("r-1", "Russian MoD", actor_claimed="Syrian government"))], known_at=NOON + 90
    )
    held = {
        "standard": "balance of probabilities",
        "text": "so held",
        "term": "F4",
        "against": "gov",
        "about": [lodged],
    }
    for after, (by, body, holds, *more) in enumerate(
        [("us", "us", "breach"), ("ru", "ru", "no-breach"), ("us", "tf", "undecided", "ru")], 2
    ):
        appended(case, Draft("finding", {**held, "body": body, "holds": holds}, by), *more, after=60 * after)
    answer = reconcile_answer(case.path, (), Reconciled("us", "ru"))
    assert (answer["a"]["entries"], answer["a"]["allegations"], answer["b"]["entries"]) == (1, 1, 1)
    (one,) = answer["open_a"]  # the governorate is too wide to tell it is the same
    assert (one["entry"]["id"], one["candidates"], one["entry"]["allegation"]) == (f"entry-{lodged}", ["r-1"], True)
    found: Mapping[str, Any] = one["findings"]
    assert {whose: found[whose]["holds"] for whose in ("a", "b", "joint")} == {
        "a": "breach", "b": "no-breach", "joint": "undecided",
    }  # fmt: skip
    earlier = reconcile_answer(case.path, (), Reconciled("us", "ru", known_at=f"#{lodged}"))
    assert (earlier["a"]["entries"], earlier["b"]["entries"]) == (1, 0)


def test_files_beside_a_case_folder_are_refused(case: CaseFolder, tmp_path: Path) -> None:  # noqa: F811
    """A folder holds its own evidence."""
    with pytest.raises(InputError, match="holds its own evidence"):
        reconcile_answer(case.path, (REPORTS,), Reconciled("us", "ru"))


def test_a_refusal_on_the_record_is_obeyed_by_what_is_made_later(case: CaseFolder, tmp_path: Path) -> None:  # noqa: F811
    """Who refuses publication is on no page for the public; the secretariat and the parties still read it."""
    lines = [said(key, "Russian MoD", **PUBLISHED) for key in ("r-1", "r-2")]
    (added,) = add_files(case, [written(tmp_path, *lines)], known_at=NOON + 30)
    refused = {"about": "r-1", "use": "publish", "is_given": False}
    records.append(case, [Draft("consent", refused, "desk")], later(60))
    told = {}
    for reader in ("secretariat", "party:us", "public"):
        answer = reconcile_answer(case.path, (), Reconciled("us", "ru", reader=reader))
        told[reader] = listed(answer, "b")
    both: tuple[list[str], dict[str, int]] = (["r-1", "r-2"], {})
    assert told == {"secretariat": both, "party:us": both, "public": (["r-2"], {"consent": 1})}
    earlier = reconcile_answer(case.path, (), Reconciled("us", "ru", reader="public", known_at=f"#{added.sequence}"))
    assert listed(earlier, "b") == told["public"], "what is known now is obeyed"
