"""The screens of the record: what they show is what the interface answers, and a browser computes the rest itself."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.screens.conftest import Demo, Stage
from truceline.record.note import Signer
from truceline.record.tree import consistency_path, leaf_hash, node_hash
from truceline.report.recordview import head_of, policy_of

ROLES = ("public", "party:us", "mediator", "secretariat")


@pytest.mark.parametrize("role", ROLES)
def test_it_lists_what_the_interface_lists(demo: Demo, role: str) -> None:
    """No entry more, none less; each leads to its page."""
    told = demo.seat(role).get("/api/v1/record/entries").json()["items"]
    page = demo.page("/record", role)
    for one in told:
        assert f'href="/record/entry/{one["entry"]}?lang=en"' in page
        shown = demo.page(f"/record/entry/{one['entry']}", role)
        assert one["leaf"] in shown
        assert all(file["sha256"] in shown for file in one["files"])
    assert page.count('href="/record/entry/') == len(told)


def test_an_entry_that_one_may_not_read_is_not_there(demo: Demo) -> None:
    """The evidence is for members who mirror; to the public its page is that of no entry."""
    hidden, none = (demo.seat("public").get(f"/record/entry/{n}") for n in (2, 999))
    assert (hidden.status_code, none.status_code) == (404, 404)
    assert hidden.content == none.content
    assert demo.seat("party:us").get("/record/entry/2").status_code == 200


def test_only_entries_of_a_type_or_a_submitter(demo: Demo) -> None:
    """As the form asks."""
    assert demo.page("/record?type=charter&lang=en").count('href="/record/entry/') == 1
    assert "None that you may read." in demo.page("/record?by=kur&lang=en")


def test_a_receipt_is_given_to_its_own_side_alone(demo: Demo) -> None:
    """Of what others handed in nothing is told: the answer is that for a hash of nothing."""
    leaf = demo.seat("secretariat").get("/api/v1/record/entries").json()["items"][1]["leaf"]
    for asked in (leaf, "a" * 64):
        page = demo.page(f"/record/receipt?leaf={asked}&lang=en", "party:us")
        assert "Your side handed in nothing" in page.replace(asked, "")
    assert demo.seat("public").get("/record/receipt").status_code == 404


def test_a_head_is_taken_apart() -> None:
    """Who signed, and when a witness says it saw the tree."""
    log, witness = Signer("log.example", b"a" * 32), Signer("w.example", b"b" * 32, 4)
    text = f"log.example\n5\n{base64.b64encode(b'r' * 32).decode()}\n"
    note = f"{text}\n{log.sign(text)}\n{witness.sign(text, 1_456_000_000)}\n"
    head = head_of(note, log.verifier.vkey)
    assert (head.origin, head.size, head.root) == ("log.example", 5, (b"r" * 32).hex())
    assert [(one.name, one.is_log, one.at) for one in head.seen] == [
        ("log.example", True, None), ("w.example", False, 1_456_000_000),
    ]  # fmt: skip
    assert policy_of("log k\n# a\nwitness w1 k1 http://w\ngroup g any w1\nquorum g\n") == (["w1"], "g")
    assert policy_of("") == ([], "")


# -- in a browser ------------------------------------------------------------------------------------------------------


@pytest.mark.chromium
def test_the_browser_computes_an_entry(stage: Stage) -> None:
    """Leaf, path and signature hold; and what is given a wrong leaf, or bytes of another entry, does not."""
    with stage.seat() as shown:
        shown.goto(f"{stage.url}/record/entry/1?lang=en")
        shown.get_by_role("button", name="Compute it in this browser").click()
        expect(shown.locator("[data-found]")).to_have_count(3)
        assert found(shown) == ["leaf-yes", "path-yes", "note-yes"]
        shown.evaluate("document.getElementById('entry-check').dataset.leaf = 'ab'.repeat(32)")
        shown.evaluate("document.getElementById('entry-check').dataset.entry = '0'")
        shown.get_by_role("button", name="Compute it in this browser").click()
        expect(shown.locator("[data-found=leaf-no]")).to_have_count(1)


@pytest.mark.chromium
def test_files_are_verified_without_leaving_the_browser(stage: Stage, tmp_path: Path) -> None:
    """By keyboard alone; a changed byte, another key and a text that is no proof each fail in their own words."""
    with stage.seat() as shown:
        base = f"{stage.url}/api/v1/record/entries/1"
        data, proof = shown.request.get(f"{base}/bytes").body(), shown.request.get(f"{base}/proof").body()
        for name, content in (("entry", data), ("proof", proof), ("changed", data.replace(b"a", b"b", 1))):
            (tmp_path / name).write_bytes(content)
        shown.goto(f"{stage.url}/record/verify?lang=en")
        asked: list[str] = []
        shown.on("request", lambda request: asked.append(request.url))
        assert verified(shown, tmp_path / "entry", tmp_path / "proof") == ["path-yes", "note-yes"]
        assert verified(shown, tmp_path / "changed", tmp_path / "proof") == ["path-no", "note-yes"]
        assert verified(shown, tmp_path / "entry", tmp_path / "entry") == ["unread"]
        shown.get_by_label("Key of the log that you trust").fill(Signer("log.example", b"a" * 32).verifier.vkey)
        assert verified(shown, tmp_path / "entry", tmp_path / "proof") == ["path-yes", "note-no"]
        assert [url for url in asked if "/static/" not in url] == []


def verified(shown: Page, data: Path, proof: Path) -> list[str]:
    """What the page says of two files; the button is pressed by the keyboard."""
    shown.get_by_label("File with the bytes of the statement").set_input_files(data)
    shown.get_by_label("Its proof or receipt, as a file").set_input_files(proof)
    shown.evaluate("document.querySelector('#verify-form [data-said]').replaceChildren()")
    shown.get_by_role("button", name="Compute it in this browser").focus()
    shown.keyboard.press("Enter")
    shown.wait_for_selector("[data-found]")
    return found(shown)


def found(shown: Page) -> list[str]:
    """The checks that the page tells of."""
    names: list[str] = shown.locator("[data-found]").evaluate_all("all => all.map(e => e.dataset.found)")
    return names


@pytest.mark.chromium
def test_the_browser_remembers_what_it_saw(stage: Stage) -> None:
    """First, again, grown; then a record that does not continue, and one under another key."""
    with stage.seat() as shown:
        said = shown.locator("#record-check [data-said]")
        shown.goto(f"{stage.url}/record?lang=en")
        expect(said).to_contain_text("had not been here before")
        shown.reload()
        expect(said).to_contain_text("as this browser saw it last")
        kept = json.loads(shown.evaluate("Object.values(localStorage)[0]"))
        earlier = shown.request.get(f"{stage.url}/api/v1/record/checkpoints").json()["items"][0]["note"].split("\n")
        root = base64.b64decode(earlier[2]).hex()
        for changes, words in (
            ({"size": int(earlier[1]), "root": root}, "continues what it saw"),
            ({"size": int(earlier[1]), "root": "00" * 32}, "does not continue"),
            ({"size": kept["size"] + 5}, "does not continue"),
            ({"log": Signer("log.example", b"a" * 32).verifier.vkey}, "is not the one"),
        ):
            shown.evaluate(
                "v => { for (const k of Object.keys(localStorage)) localStorage[k] = v }",
                json.dumps({**kept, **changes}),
            )
            shown.reload()
            expect(said).to_contain_text(words)


@pytest.mark.chromium
def test_the_arithmetic_of_the_browser_is_that_of_the_log(stage: Stage) -> None:
    """Every inclusion and every consistency of trees up to 20 leaves, and wrong ones that must fail."""
    cases = vectors(20)
    with stage.seat() as shown:
        shown.goto(f"{stage.url}/record/verify")
        wrong: list[Any] = shown.evaluate(
            """async (cases) => {
                const v = await import("/static/verify.js"), wrong = [];
                const b = (t) => Uint8Array.from(t.match(/../g) ?? [], (x) => parseInt(x, 16));
                for (const [kind, a, size, first, path, root, holds] of cases) {
                    const steps = path.map(b);
                    const found = kind === "in" ? await v.isIncluded(b(first), a, size, steps, b(root))
                        : await v.isContinued(a, b(first), size, b(root), steps);
                    if (found !== holds) wrong.push([kind, a, size, holds]);
                }
                return wrong;
            }""",
            cases,
        )
    assert len(cases) > 2_000
    assert wrong == []


def vectors(most: int) -> list[tuple[str, int, int, str, list[str], str, bool]]:
    """Right ones of every size, and each with something of it changed."""
    chance = random.Random(5)
    leaves = [leaf_hash(bytes([at])) for at in range(most)]

    def tree(start: int, end: int) -> bytes:
        if end - start == 1:
            return leaves[start]
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        return node_hash(tree(start, middle), tree(middle, end))

    def path(at: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if at < middle:
            return [*path(at, start, middle), tree(middle, end)]
        return [*path(at, middle, end), tree(start, middle)]

    found: list[tuple[str, int, int, str, list[str], str, bool]] = []
    for size in range(1, most + 1):
        root = tree(0, size)
        found += [
            ("in", at, size, leaves[at].hex(), [p.hex() for p in path(at, 0, size)], root.hex(), True)
            for at in range(size)
        ]
        for old in range(1, size + 1):
            steps = consistency_path(old, size, lambda level, index: tree(index << level, index + 1 << level))
            found.append(("on", old, size, tree(0, old).hex(), [p.hex() for p in steps], root.hex(), True))
    for kind, at, size, first, steps_, root_, _ in list(found):
        other = chance.randbytes(32).hex()
        found += [
            (kind, at, size, other, steps_, root_, False), (kind, at, size, first, steps_, other, False),
            (kind, at, size, first, [*steps_, other], root_, False),
        ]  # fmt: skip
        if steps_:
            changed = [*steps_]
            changed[chance.randrange(len(changed))] = other
            found += [
                (kind, at, size, first, changed, root_, False),
                (kind, at, size, first, steps_[:-1], root_, False),
            ]
    return found
