"""Named specimens for the report page: a made-up country, its zones, a report of every kind. Nothing here is real."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from truceline.report.picture import Entry, Land, Picture, Rings, TermCount, TermLine, Window, ZoneMark
from truceline.span import FAR_AHEAD, parse_instant, parse_span

TZ: Final = "Asia/Damascus"


def box(west: float, south: float, east: float, north: float) -> Rings:
    """A rectangle as one closed ring."""
    return (((west, south), (east, south), (east, north), (west, north), (west, south)),)


COUNTRY = (box(36.1017, 34.2039, 39.3051, 37.4063),)
WEST_UNIT = (box(36.1017, 34.2039, 37.7027, 37.4063),)
EAST_UNIT = (box(37.7027, 34.2039, 39.3051, 37.4063),)
LANDS = (
    Land("NB", 0, False, {"en": "Neighbour", "ar": "جار", "ru": "Сосед"}, (box(34.5, 33.1, 36.1017, 38.2),)),
    Land("XX", 0, True, {"en": "Exland", "ar": "إكسلاند", "ru": "Иксландия"}, COUNTRY),
    Land("XX-W", 1, True, {"en": "West", "ar": "الغرب", "ru": "Запад"}, WEST_UNIT),
    Land("XX-E", 1, True, {"en": "East"}, EAST_UNIT),
)
OPEN_ZONE = ZoneMark(
    "strip", {"en": "The strip", "ar": "الشريط", "ru": "Полоса"}, (box(36.71, 35.91, 36.79, 35.94),), (), False,
    "the test, from nothing", ("T1",),
)  # fmt: skip
WIDE_ZONE = ZoneMark("north", {"en": "The north"}, (box(36.3, 36.6, 39.1, 37.3),), (), False, "", ("T1", "T2"))
ROAD = ZoneMark(
    "road", {"en": "The road", "ar": "الطريق"}, (), ((36.6, 35.9), (36.7, 35.95), (36.85, 35.93)), False, "", ()
)
WITHHELD_ZONE = ZoneMark("secret", {"en": "Designated areas", "ar": "المناطق المحددة"}, (), (), True, "", ("T2",))

T1 = {"en": "Nobody attacks in the north.", "ar": "لا يهاجم أحد في الشمال.", "ru": "Никто не атакует на севере."}
T2_ENGLISH_ONLY = {"en": "No flight over the designated areas."}


def entry(id_: str, time: str, **changes: object) -> Entry:
    """A plain report on one civil day, with fields changed."""
    span = parse_span(time, TZ)
    plain = Entry(
        id=id_, kind="incident", start=span.start, end=span.end, when=f"{time} (day)", where="Someplace", extent="disc",
        polygons=(box(36.9123, 36.8234, 37.0345, 36.9456),), actor="group A", target="group B", act="shelling",
        weapon="", toll="", asserted_by="a monitor", publisher="a newspaper", url="https://example.org/a?x=1&y=2",
        note="", any=-1, supported=0, terms=(TermLine("T1", T1, -1, (), {}, ""),), settle=(), is_protected=False,
        group="bound",
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]  # the names of the fields are checked by `replace`


SURE = entry(
    "r-sure", "2016-03-05", any=1, toll="10", weapon="mortar",
    terms=(TermLine("T1", T1, 1, (), {"strict": 0}, ""), TermLine("T2", T2_ENGLISH_ONLY, -1, (), {}, "never in force")),
)  # fmt: skip
WIDE_TIME = entry(
    "r-wide", "2016-03", when="2016-03-01 to 2016-03-31 (month)", any=0, settle=("place", "time"),
    terms=(TermLine("T1", T1, 0, ("place", "time"), {"name": -1}, ""),), polygons=(box(36.5, 36.4, 37.5, 36.9),),
    extent="hull", group="mixed",
)  # fmt: skip
STRADDLES_TWO_DAYS = entry(
    "r-night", "2016-03-07T23:00", end=parse_instant("2016-03-08T02:00", TZ), when="", any=0,
    terms=(TermLine("T1", T1, 0, ("actor",), {}, ""),),
)  # fmt: skip
COUNTRY_WIDE = entry("r-country", "2016-03-09", extent="area", polygons=COUNTRY, where="Exland")
UNIT_WIDE = entry("r-unit", "2016-03-10", extent="area", polygons=WEST_UNIT, where="West", any=0, group="excluded")
NO_PLACE = entry("r-nowhere", "2016-03-11", extent="none", polygons=(), where="")
AT_SEA = entry("r-sea", "2016-03-11", extent="outside", polygons=(), where="at sea", url="")
TINY = entry("r-tiny", "2016-03-12", polygons=(box(38.50011, 35.10012, 38.50213, 35.10214),), is_protected=True)
ON_THE_ROAD = entry("r-road", "2016-03-12", extent="line", polygons=((ROAD.line,),), act="", actor="", target="")
COUNT = entry(
    "r-count", "2016-03-13", kind="ledger", group="other",
    terms=(TermLine("T1", T1, -1, (), {}, "a count over a period is its issuer's claim, not an incident"),),
)  # fmt: skip
ARABIC = entry(
    "r-arabic", "2016-03-14", where="حلب", actor="فصيل (أ)", note="قُصفت المدرسة يوم 2016-03-14", is_protected=True,
    asserted_by="المرصد", publisher="صحيفة", kind="a kind nobody knows", group="a group nobody knows",
)  # fmt: skip
HOSTILE = entry(
    "r-<script>alert(1)</script>", "2016-03-15", act="<script>alert(2)</script>", url="javascript:alert(3)",
    note='"><img src=x onerror=alert(4)> {{ 7*7 }} \u202egnp.exe', where="</title><svg onload=alert(5)>",
    publisher="<a href='http://evil.example'>press</a>", when="</style><b>",
)  # fmt: skip
ENTRIES = tuple(
    sorted(
        (
            SURE, WIDE_TIME, STRADDLES_TWO_DAYS, COUNTRY_WIDE, UNIT_WIDE, NO_PLACE, AT_SEA, TINY, ON_THE_ROAD, COUNT,
            ARABIC, HOSTILE,
        ),
        key=lambda e: (e.start, e.id),
    )
)  # fmt: skip

FULL = Picture(
    case={"en": "A made-up truce", "ar": "هدنة متخيلة", "ru": "Вымышленное перемирие"}, agreement_id="test-1",
    text_status="reconstructed", reader="secretariat", tz=TZ, cut_off=parse_instant("2016-04-01", TZ),
    since=parse_instant("2016-03-10", TZ), known_at=parse_instant("2016-04-02T12:00", TZ),
    readings={"umbrella": "side", "designation": "identity"}, entries=ENTRIES,
    terms=(
        TermCount("T1", "prohibit", T1, 1, 3, 8, {"place": 1, "time": 1, "actor": 2}, {"strict": (0, 4, 8)}),
        TermCount("T2", "prohibit", T2_ENGLISH_ONLY, 0, 0, 12, {}, {}),
    ),
    any=(1, 3, 8), previous=(0, 1, 2), withheld_entries=0, lands=LANDS,
    zones=(OPEN_ZONE, WIDE_ZONE, ROAD, WITHHELD_ZONE),
    windows=(
        Window("T1", {"en": "T1"}, ((parse_instant("2016-03-01", TZ), FAR_AHEAD),), ()),
        Window("T2", {"en": "T2"}, (), ((parse_instant("2016-03-05", TZ), parse_instant("2016-03-20T19:00", TZ)),)),
    ),
    agreement_hash="ab" * 32, rule_version="1", evidence=(("reports.jsonl", 12, 3, "cd" * 32),),
    sources=("facts compiled for the test",), settle=(("actor", 2), ("place", 1)),
)  # fmt: skip
EMPTY = replace(
    FULL, entries=(), terms=(), any=(0, 0, 0), previous=(0, 0, 0), zones=(), windows=(), evidence=(), sources=(),
    settle=(), lands=(), readings={}, known_at=None, text_status="",
)  # fmt: skip
PUBLIC = replace(FULL, reader="public", entries=(SURE,), withheld_entries=11, settle=(("actor", 2),))
PICTURES = {"full": FULL, "empty": EMPTY, "public": PUBLIC}
