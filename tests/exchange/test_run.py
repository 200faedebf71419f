"""A full run of two hostile sides in separate processes; each way to cheat comes to its logged outcome."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.exchange.parties import HAMA, HOLDERS, LISTS, SIDES, Table, table


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Table]:
    """Two sides, three guarantors, a witness and a host, each a process of its own."""
    with table(tmp_path_factory.mktemp("run")) as made:
        yield made


def test_an_exchange_in_separate_processes(run: Table) -> None:
    """Nobody reads a list before two guarantors have released; then both sides read both, each on its own machine."""
    of = run.to_releasing()
    for side in SIDES:
        run.at[side].run("exchange", "show", run.case, of, "--open-as", side, code=3)
        assert run.at[side].json("exchange", "verify", run.case, of, "--open-as", side)["holds"]
    run.step("tr", "release", of)
    run.at["ru"].run("exchange", "show", run.case, of, "--open-as", "ru", code=3)
    run.step("un", "release", of)
    assert run.outcome(of) == ("opened", [])
    want = {side: sorted(cells) for side, cells in LISTS.items()}
    assert run.lists(of, "us") == run.lists(of, "ru") == want
    for other in (*HOLDERS, "desk"):
        run.at[other].run("exchange", "show", run.case, of, "--open-as", other, code=3)


@pytest.mark.long
def test_cheat_1_no_reveal(run: Table) -> None:
    """The witness dates the end of the window; the side is in default, and the other's list is never opened."""
    of = run.to_revealing()
    run.step("us", "reveal", of)
    run.at["us"].run("exchange", "close", run.case, of, "--by", "us", code=3)
    run.tick(300)
    run.step("us", "close", of)
    assert run.outcome(of) == ("defaulted", [("ru", "no-reveal")])
    assert run.at["us"].json("exchange", "show", run.case, of)["is_witnessed"]
    run.at["tr"].run("exchange", "release", run.case, of, "--by", "tr", code=3)


@pytest.mark.long
def test_cheat_2_changed_list(run: Table) -> None:
    """One that says it is another is refused; one that hides it is found when both are opened, and shown to all."""
    of = run.to_revealing()
    changed = run.file("changed")
    run.at["ru"].cheat("other_list", case=run.case, of=of, by="ru", cells=[HAMA], out=changed)
    assert "changed, or never fixed" in run.hand_in(changed, 5)
    hidden = run.file("hidden")
    run.at["ru"].cheat("hidden_list", case=run.case, of=of, by="ru", cells=[HAMA], out=hidden)
    run.hand_in(hidden)
    run.step("us", "reveal", of)
    for holder in ("tr", "ir"):
        run.step(holder, "release", of)
    shown = run.at["us"].json("exchange", "show", run.case, of, "--open-as", "us")
    assert (set(shown["lists"]), set(shown["flaws"])) == ({"us"}, {"ru"})
    assert not run.at["us"].json("exchange", "verify", run.case, of, "--open-as", "us", code=6)["holds"]
    run.at["ru"].run("exchange", "challenge", run.case, of, "--by", "ru", code=3)
    run.step("us", "challenge", of)
    assert run.outcome(of) == ("broken", [("ru", "changed-list")])


@pytest.mark.long
def test_cheat_3_late(run: Table) -> None:
    """Refused a second after the window; whoever signed the opening and did not commit is in default."""
    of = run.open()
    run.commit(of, "us")
    entry = run.signed("ru", "commit", of, "--empty")
    run.tick(200)
    assert "late" in run.hand_in(entry, 5)
    run.step("us", "close", of)
    assert run.outcome(of) == ("defaulted", [("ru", "no-commitment")])


@pytest.mark.long
def test_cheat_3_late_and_nobody_was_bound(run: Table) -> None:
    """Whoever signed nothing owes nothing: the exchange lapses."""
    of = run.open(also="")
    run.commit(of, "us")
    run.tick(200)
    run.step("desk", "close", of)
    assert run.outcome(of) == ("lapsed", [])


@pytest.mark.long
def test_cheat_4_replay(run: Table) -> None:
    """The other's commitment, one's own of before, the same entry twice: each is refused, and the way is open."""
    was = run.to_releasing()
    of = run.open()
    run.commit(of, "us")
    for name, given in (("echo", {}), ("old_commitment", {"was": was})):
        entry = run.file(name)
        run.at["ru"].cheat(name, case=run.case, of=of, by="ru", out=entry, **given)
        assert "said before" in run.hand_in(entry, 5)
    entry = run.signed("ru", "commit", of, "--empty")
    run.hand_in(entry)
    assert "stands in the log" in run.hand_in(entry, 5)
    assert run.outcome(of) == ("revealing", [])


@pytest.mark.long
def test_cheat_5_oversized_list(run: Table) -> None:
    """A box of another length is refused; without one in time the side is in default."""
    of = run.to_revealing()
    entry = run.file("long")
    run.at["ru"].cheat("long_list", case=run.case, of=of, by="ru", out=entry)
    assert "as every list here has" in run.hand_in(entry, 5)
    run.step("us", "reveal", of)
    run.tick(300)
    run.step("un", "close", of)
    assert run.outcome(of) == ("defaulted", [("ru", "no-reveal")])


@pytest.mark.long
def test_cheat_6_wrong_key(run: Table) -> None:
    """Sealed for a stranger or signed by one: refused. Sealed wrongly in the right name: found before the opening."""
    of = run.to_revealing()
    entry, forged = run.file("own"), run.file("forged")
    run.at["ru"].cheat("own_keys", case=run.case, of=of, by="ru", out=entry)
    assert "not sealed for the keys" in run.hand_in(entry, 5)
    run.at["ru"].cheat("stranger", entry=run.signed("us", "refuse", of), out=forged)
    run.hand_in(forged, 6)
    entry = run.file("wrong")
    run.at["ru"].cheat("wrong_keys", case=run.case, of=of, by="ru", out=entry)
    run.hand_in(entry)
    run.step("us", "reveal", of)
    for holder in ("tr", "ir"):
        assert not run.at[holder].json("exchange", "verify", run.case, of, "--open-as", holder, code=6)["holds"]
        run.step(holder, "refuse", of)
    assert run.outcome(of) == ("refused", [("tr", "refusal"), ("ir", "refusal")])
    run.at["un"].run("exchange", "release", run.case, of, "--by", "un", code=3)


@pytest.mark.long
def test_cheat_7_two_commitments(run: Table) -> None:
    """The first stands: a second is refused, by the log or because that one stands."""
    of = run.open()
    first = run.signed("ru", "commit", of, "--empty")
    cells = run.folder / "more.cells"
    cells.write_text(f"{HAMA}\n")
    second = run.signed("ru", "commit", of, "--cells", cells, "--anew")
    run.hand_in(first)
    assert "number" in (why := run.hand_in(second, 5)) or "stands in the log" in why
    third = run.file("third")
    run.at["ru"].cheat("echo", case=run.case, of=of, by="ru", out=third)
    assert "that one stands" in run.hand_in(third, 5)
    assert run.outcome(of) == ("committing", [])


@pytest.mark.long
def test_cheat_8_denial(run: Table) -> None:
    """The record answers: the key that signed was good, and both lists are opened all the same."""
    of = run.to_releasing()
    mine = next(s for s in run.at["ru"].json("exchange", "show", run.case, of)["sides"] if s["party"] == "ru")
    run.step("ru", "deny", of, "--entry", mine["committed"])
    for holder in ("ir", "un"):
        run.step(holder, "release", of)
    assert run.outcome(of) == ("opened", [("ru", "denial")])
    assert run.lists(of, "us")["ru"] == LISTS["ru"]


@pytest.mark.long
def test_a_bad_share_is_named_and_a_guarantor_that_is_gone_is_not_needed(run: Table) -> None:
    """One lies, one releases, one more releases: opened; the liar stands in the record."""
    of = run.to_releasing()
    entry = run.file("bad")
    run.at["tr"].cheat("bad_share", case=run.case, of=of, by="tr", out=entry)
    run.hand_in(entry)
    run.step("ir", "release", of)
    assert run.outcome(of) == ("releasing", [("tr", "bad-share")])
    run.step("un", "release", of)
    assert run.outcome(of) == ("opened", [("tr", "bad-share")])
    assert run.lists(of, "ru")["us"] == sorted(LISTS["us"])
    assert run.at["us"].json("exchange", "forget", run.case, "--by", "us")["exchanges"]


@pytest.mark.long
def test_an_opened_list_becomes_a_proposal_for_the_map(run: Table) -> None:
    """If its side wants: a command writes the draft of its own cells, which it signs as every statement."""
    of = run.to_releasing()
    for holder in ("ir", "un"):
        run.step(holder, "release", of)
    draft, entry = run.folder / "draft.json", run.file("proposal")
    run.at["us"].json("exchange", "show", run.case, of, "--open-as", "us", "--proposal", draft)
    run.at["us"].json("submit", run.case, "--type", "map-proposal", "--by", "us", "--body", draft, "-o", entry)
    index = run.hand_in(entry)
    shown = run.at["ru"].json("record", "show", run.case, index)
    assert shown["statement"]["body"] == {"cells": sorted(LISTS["us"])}


@pytest.mark.long
def test_guarantors_who_do_not_come_are_named(run: Table) -> None:
    """With fewer than two nothing is opened, on either side."""
    of = run.to_releasing()
    run.step("ir", "release", of)
    run.tick(400)
    run.step("ru", "close", of)
    assert run.outcome(of) == ("withheld", [("tr", "no-release"), ("un", "no-release")])
    run.at["ru"].run("exchange", "show", run.case, of, "--open-as", "ru", code=3)
