"""Standing areas on the record: cells only, late, seldom, steady; one's own sealed; and destroyed when they are due."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.desk.area_case import AHRAR, BEGIN, DAY, RU, SECRETARIAT, TURKEY, US, A, B, C, D, World
from tests.evidence.bench import SHIPPED
from tests.store.cluster import cluster
from truceline import desk
from truceline.desk import exchanged, keyring, records
from truceline.desk.areadrafts import partition_draft, partition_made
from truceline.desk.areasteps import AreaPath, partition_of
from truceline.desk.charters import new_charter
from truceline.desk.designated import map_shown
from truceline.desk.destroying import destroy, due_of
from truceline.desk.exchanged import area_of, areas_shown
from truceline.desk.protecting import Fate
from truceline.desk.verifying import verify_folder
from truceline.desk.viewers import PUBLIC, Viewer
from truceline.errors import AccessError, SubmissionError, VerificationError
from truceline.exchange.areas import ROUND_S
from truceline.record.audit import Trust
from truceline.record.entry import read_entry
from truceline.span import utc_text
from truceline.store.folder import CaseFolder

WORDS = "the whole northern bank, by our maps"


def shown(world: World, viewer: Viewer = SECRETARIAT) -> dict[tuple[str, str], tuple[str, ...]]:
    """Group and speaker to cells."""
    return {(one.group, one.by): one.cells for one in areas_shown(world.case, viewer, world.at)}


def test_an_area_is_said_late_and_shown_at_the_end_of_a_round(world: World) -> None:
    """Three days after the day it tells of, and no sooner; shown when the seven days are over."""
    with pytest.raises(SubmissionError, match="72 hours after it is over: not before 2016-03-08T22:00:00Z"):
        world.area("isil", "2016-03-05", [A], "us")
    world.area("isil", "2016-03-04", [A, B], "us")
    assert shown(world) == {}
    world.at = BEGIN + 2 * ROUND_S - 1
    assert shown(world) == {}
    world.at += 1
    assert shown(world) == shown(world, US) == shown(world, RU) == {("isil", "us"): (A, B)}
    (one,) = areas_shown(world.case, RU, world.at)
    assert (one.since, one.until, one.is_own) == (BEGIN + 2 * ROUND_S, BEGIN + 3 * ROUND_S, False)


def test_a_speaker_speaks_of_a_group_once_in_seven_days(world: World) -> None:
    """Another speaker, and another group, are not held up by it: nobody can keep somebody else from speaking."""
    world.area("isil", "2016-03-04", [A], "us")
    world.area("isil", "2016-03-04", [B], "ru")
    world.area("jn", "2016-03-04", [B], "us")
    world.at += 7 * DAY - 1
    with pytest.raises(SubmissionError, match="once in 7 days: not before 2016-03-15T00:00:00Z"):
        world.area("isil", "2016-03-10", [B], "us")
    world.at += 1
    world.area("isil", "2016-03-10", [B], "us")


def test_two_of_one_batch_are_two(world: World) -> None:
    """What comes together does not slip past the interval together."""
    body = {"group": "isil", "day": "2016-03-04", "cells": [A]}
    with pytest.raises(SubmissionError, match="once in 7 days"):
        records.append(world.case, [records.Draft("area", body, "us")] * 2, world.now)
    assert len(world.case.said("area")) == 1


def test_a_step_over_a_border_and_back_is_not_seen(world: World) -> None:
    """A cell comes after two statements that name it, and goes after two that do not."""
    seen = []
    for day, cells in (("04", [A]), ("11", [A, B]), ("18", [A]), ("25", [B])):
        world.to(f"2016-03-{int(day) + 4:02}")
        world.area("isil", f"2016-03-{day}", cells, "us")
        world.at += ROUND_S
        seen.append(shown(world)["isil", "us"])
    assert seen == [(A,), (A,), (A,), (A,)]
    world.to("2016-04-06")
    world.area("isil", "2016-04-01", [B], "us")
    world.at += ROUND_S
    assert shown(world)["isil", "us"] == (B,)


def test_ones_own_area_is_sealed_or_refused(world: World) -> None:
    """What stands open in a record stands there for ever; a part, a member and the whole side are one's own."""
    for group, by in (("ahrar", "ahrar"), ("opp", "ahrar"), ("jaysh-islam", "ahrar"), ("gov", "gov")):
        with pytest.raises(SubmissionError, match="one's own area is sealed"):
            world.area(group, "2016-03-04", [A], by)
    index = world.area("ahrar", "2016-03-04", [A], "ahrar", ("us", "desk"))
    world.at += ROUND_S
    assert shown(world) == shown(world, US) == {("ahrar", "ahrar"): (A,)}
    assert shown(world, RU) == shown(world, TURKEY) == shown(world, AHRAR) == {}, "not even its own, unless named"
    assert b"852d8a9b" not in b"".join(path.read_bytes() for path in (world.path / "record").rglob("*")
                                       if path.is_file()), "no byte of a cell lies in the record"  # fmt: skip
    assert area_of(world.case, world.case.entries()[index], RU) is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"cells": ["892d8a9b04fffff"]}, "not a statement of a standing area"),
        ({"cells": ["852d8a9b04fffff"]}, "expected an H3 cell"),
        ({"cells": [A, A]}, "sorted, each once"),
        ({"cells": [A], "text": "36.2021, 37.1343"}, "looks like a position"),
        ({"cells": [A], "lat": "36"}, "not a statement of a standing area"),
        ({"cells": [A], "day": "2016-03-04T12:00"}, "expected a day"),
        ({"cells": [A], "group": "nobody"}, "knows no group"),
    ],
)
def test_what_is_sealed_is_opened_before_it_is_taken(world: World, body: dict[str, object], why: str) -> None:
    """A seal is no door: the keeper reads what it keeps."""
    full = {"group": "ahrar", "day": "2016-03-04", **body}
    with pytest.raises(SubmissionError, match=why):
        world.say("area", full, "ahrar", ("us", "desk"))


def test_nothing_is_taken_unread(world: World) -> None:
    """Sealed for others only, it might hold anything."""
    with pytest.raises(SubmissionError, match="`desk` is always a reader"):
        world.area("ahrar", "2016-03-04", [A], "ahrar", ("us",))


def test_areas_are_for_the_joint_body_alone(world: World) -> None:
    """The public, monitors and humanitarian desks are shown none of it, whatever was published."""
    world.area("isil", "2016-03-04", [A], "us")
    for viewer in (PUBLIC, Viewer("m", "monitor", "un"), Viewer("h", "hotline"), Viewer("i", "intake")):
        with pytest.raises(AccessError):
            areas_shown(world.case, viewer, world.at)
    with pytest.raises(SubmissionError, match="does not say"):
        world.area("isil", "2016-03-04", [A], "desk")


def test_a_partition_is_published_once_and_kept_to(world: World) -> None:
    """Cells that were merged are named together; a second partition could be laid across the first."""
    draft = partition_draft(partition_made(world.case))
    records.append(world.case, [draft], world.now)
    found = partition_of(world.case)
    assert found == partition_made(world.case), "the rule gives the same again"
    with pytest.raises(SubmissionError, match="one partition"):
        records.append(world.case, [draft], world.now)
    block = next(block for block in found.blocks if len(block) > 1)
    with pytest.raises(SubmissionError, match="named in part"):
        world.area("isil", "2016-03-04", block[:1], "us")
    with pytest.raises(SubmissionError, match="not of the partition"):
        world.area("isil", "2016-03-04", ["842d8a9ffffffff"], "us")
    with pytest.raises(SubmissionError, match="named in part"):
        world.say("map-proposal", {"cells": list(block[:1])}, "us")
    world.area("isil", "2016-03-04", block, "us")
    assert found.whole(block[:1]) == block


def test_an_area_of_a_group_that_is_expelled_is_destroyed(world: World, tmp_path: Path) -> None:
    """Else its expulsion would make a list of targets. As many sign as the charter says, and the record holds still."""
    index = world.area("ahrar", "2016-03-04", [A], "ahrar", ("us", "desk"))
    world.area("isil", "2016-03-04", [B], "us")
    assert due_of(world.case, SECRETARIAT, world.at).due == ()
    world.say("designation", {"of": "ahrar", "since": "2016-03-09", "what": "expelled"}, "ru")
    world.to("2016-03-10")
    due = due_of(world.case, SECRETARIAT, world.at)
    assert [(one.index, one.group, one.why) for one in due.due] == [(index, "ahrar", "expelled")]
    assert due.threshold == 2
    with pytest.raises(VerificationError, match="not signed by 2"):
        destroy(world.case, due.due)
    destroy(world.case, due.due, cosigners=("us",))
    box = world.case.entries()[index].statement.sealed
    assert box is not None
    assert not world.case.store.has_blob(box.box)
    world.at += ROUND_S
    assert ("ahrar", "ahrar") not in shown(world)
    assert due_of(world.case, SECRETARIAT, world.at).due == ()
    assert verify_folder(world.path, Trust()).audit.faults == []


@pytest.mark.parametrize("what", ["expelled", "ended", "nobody can tell"])
def test_what_protects_no_more_is_shown_to_nobody(world: World, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """From the second on, destroyed or not, not even as what moved on the map; what others say of it stands."""
    world.area("ahrar", "2016-03-04", [A], "ahrar", ("us", "desk"))
    world.area("ahrar", "2016-03-04", [B], "ru")
    to = world.say("map-proposal", {"cells": [A]}, "us")
    world.say("map-answer", {"to": to, "agrees": [A]}, "ru")
    world.at += 2 * ROUND_S
    world.both("map-version", {"cells": [A]}, "ru", "us")
    for viewer in (SECRETARIAT, US):
        assert shown(world, viewer) == {("ahrar", "ahrar"): (A,), ("ahrar", "ru"): (B,)}
    if what == "expelled":
        day = utc_text(world.at + DAY)[:10]
        world.say("designation", {"of": "ahrar", "since": day, "what": "expelled"}, "ru")
    else:
        over = ("ended", False) if what == "ended" else ("", True)
        monkeypatch.setattr(Fate, "why", lambda self, _: over if self.at >= world.at else ("", False))
    assert what != "expelled" or ("ahrar", "ahrar") in shown(world), "the day has not begun"
    world.at += 2 * DAY
    for viewer in (SECRETARIAT, US):
        assert shown(world, viewer) == {("ahrar", "ru"): (B,)}
        assert ("ahrar", "ahrar") not in {(m.group, m.by) for m in map_shown(world.case, viewer, world.at).moved}


SHORT = """\
truceline: 1
id: short
title: {en: A short truce}
tz: UTC
sources: {T: the text}
actors:
  us: {kind: guarantor}
  ru: {kind: guarantor}
  ahrar: {kind: group}
zones:
  square: {polygon: [[36.0, 35.0], [36.2, 35.0], [36.2, 35.2], [36.0, 35.2]]}
terms:
  - {id: start, kind: define, is: {at: 2016-03-01T00:00}}
  - {id: stop, kind: define, is: {at: 2016-04-01T00:00}}
  - {id: calm, kind: prohibit, who: ahrar, does: attack, in: square, from: start, until: stop, source: T.1}
"""


def test_an_area_is_destroyed_when_the_agreement_has_ended(tmp_path: Path) -> None:
    """To the second at which the last term that binds has lapsed; while one is in force nothing is due."""
    (tmp_path / "agreement.yaml").write_text(SHORT)
    sets = [keyring.key_set(party) for party in ("us", "ru", "ahrar")]
    case = desk.init_case(tmp_path / "case", tmp_path / "agreement.yaml", new_charter("short", parties=sets),
                          known_at=BEGIN)  # fmt: skip
    assert isinstance(case, CaseFolder)
    world = World(case)
    world.to("2016-03-08")
    index = world.area("ahrar", "2016-03-04", [C, D], "ahrar", ("us", "desk"))
    world.to("2016-04-01")
    assert due_of(case, SECRETARIAT, world.at - 1).due == ()
    (due,) = due_of(case, SECRETARIAT, world.at).due
    assert (due.index, due.why) == (index, "ended")
    assert areas_shown(case, SECRETARIAT, world.at) == []
    assert due_of(case, RU, world.at).due == (), "sealed for others: not even that there is one"
    destroy(case, [due], cosigners=("ru",))
    assert areas_shown(case, SECRETARIAT, world.at) == []
    case.close()


def test_a_case_in_postgresql_holds_the_cells_and_nothing_sealed(tmp_path: Path) -> None:
    """The table of cells is filled by the database itself, with what is open; the rest is as in a folder."""
    owner = cluster()
    url = owner.url(owner.database())
    sets = [keyring.key_set(party) for party in ("us", "ru", "ahrar")]
    case = desk.init_case(url, SHIPPED / "agreement.yaml", new_charter("server", parties=sets), known_at=BEGIN)
    world = World(case)
    world.to("2016-03-08")
    index = world.area("isil", "2016-03-04", [A, B], "us")
    world.area("ahrar", "2016-03-04", [C], "ahrar", ("us", "desk"))
    held = cluster().sql('select "index", cell from truceline.cell order by cell',
                         database=url.split("?")[0].rpartition("/")[2])  # fmt: skip
    assert held == [(index, int(A, 16)), (index, int(B, 16))]
    world.at += ROUND_S
    assert shown(world) == {("ahrar", "ahrar"): (C,), ("isil", "us"): (A, B)}
    with pytest.raises(SubmissionError, match="expected what is promised of `area`"):
        world.area("jn", "2016-03-04", ["892d8a9b04fffff"], "us")
    case.close()


def test_what_tells_of_areas_is_never_made_public(world: World) -> None:
    """No body can publish where a group stands, whoever signs."""
    index = world.area("isil", "2016-03-04", [A], "us")
    path = AreaPath(world.case, world.now, is_demo=False)
    step = {"stage": "public", "of": 1, "about": [index]}
    entry = read_entry(records.prepare(world.case, records.Draft("publication", step, "us"), world.now)[0])
    with pytest.raises(SubmissionError, match="never made public"):
        path.check(entry, world.case.register(), {}, exchanged.text_in_force(world.case))


def test_a_statement_does_not_go_back(world: World) -> None:
    """A later statement of an earlier day would take the place of what is newer."""
    world.area("isil", "2016-03-04", [A], "us")
    world.at += ROUND_S
    for day in ("2016-03-03", "2016-03-04"):
        with pytest.raises(SubmissionError, match="a later day"):
            world.area("isil", day, [B], "us")
    with pytest.raises(SubmissionError, match="expected a day"):
        world.area("isil", "٢٠١٦-٠٣-٠٥", [B], "us")
    world.area("isil", "2016-03-05", [B], "us")
