"""The record over HTTP: what each may read of it, and that everything else is not there."""

from __future__ import annotations

import base64
import io
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.evidence.bench import SHIPPED
from tests.web.asking import Client
from tests.web.conftest import WIDE
from truceline.canon import sha256
from truceline.desk import charters, keyring, records
from truceline.desk.audits import rows
from truceline.desk.cases import add_files, init_case
from truceline.desk.publication import course_of
from truceline.desk.records import Draft
from truceline.desk.service import Service
from truceline.desk.viewers import PUBLIC, Viewer
from truceline.record.bundle import open_bundle
from truceline.record.checkpoint import open_checkpoint
from truceline.record.entry import read_entry
from truceline.record.note import Verifier, check_note, read_note
from truceline.record.proof import check_proof, read_proof
from truceline.record.seal import open_box
from truceline.record.tiles import entries_of
from truceline.record.tree import check_consistency, leaf_hash
from truceline.store.case import Case
from truceline.web.app import make_app

US, RU = Viewer("a-us", "party", "us"), Viewer("a-ru", "party", "ru")
DESK = Viewer("a-desk", "secretariat")
MIRROR, UN = Viewer("m", "mirror", is_machine=True), Viewer("a-un", "monitor", "un")
MEDIATOR, INTAKE = Viewer("a-med", "mediator"), Viewer("a-in", "intake")
PARTIES = ("us", "ru", "un")


@dataclass
class Told:
    """A case in which everything of these tests was said; the indexes of what was."""

    case: Case
    at: dict[str, int]
    secret: bytes

    def say(self, name: str, kind: str, body: Any, *by: str, readers: tuple[str, ...] = ()) -> int:  # noqa: ANN401  # any JSON value
        """Say something, signed by all who are named."""
        draft = Draft(kind, body, by[0], readers=readers)
        entry, beside = records.prepare(self.case, draft)
        for party in by[1:]:
            entry = records.cosign_entry(self.case, entry, party)
        self.at[name] = records.submit(self.case, entry, beside).index
        return self.at[name]


def told(folder: Path) -> Told:
    """A case of desk, us, ru and un: reports, an open and a sealed allegation, two findings of which one is public."""
    sets = [keyring.key_set(party) for party in PARTIES]
    case = init_case(folder, SHIPPED / "agreement.yaml", charters.new_charter("record over HTTP", parties=sets))
    mapped = folder.parent / "letter.txt"
    mapped.write_bytes(b"a letter that was handed over")
    add_files(case, [SHIPPED / "reports.jsonl"])
    made = Told(case, {"charter": 0, "agreement": 1, "evidence": 2}, mapped.read_bytes())
    entry, beside = records.prepare(case, Draft("allegation", {"text": "a convoy was shelled", "against": "ru"}, "us",
                                                {"letter.txt": made.secret}))  # fmt: skip
    made.at["open"] = records.submit(case, entry, beside).index
    made.say("sealed", "allegation", {"text": "told to ru alone"}, "us", readers=("ru",))
    made.say("monitored", "allegation", {"text": "seen by us"}, "un")
    held = {"about": [made.at["open"]], "body": "tf", "holds": "undecided", "standard": "s", "text": "t",
            "dissent": [{"by": "ru", "text": "there was none"}]}  # fmt: skip
    made.say("published", "finding", held, "us", "ru")
    made.say("kept", "finding", {**held, "holds": "breach"}, "us", "ru")
    for name in ("published", "kept"):
        draft = made.say(f"draft of {name}", "publication", {"stage": "draft", "texts": {"en": "a draft"}}, "desk",
                         readers=("us", "ru", "desk"))  # fmt: skip
        comment = {"stage": "comment", "of": draft, "about": [made.at["open"]], "to": ["ru", "us"], "body": "tf"}
        said = made.say(f"comment of {name}", "publication", comment, "desk")
        for party in ("us", "ru"):
            made.say(f"remark of {party} on {name}", "answer", {"text": "none", "to": said}, party)
        made.say(f"joint of {name}", "publication", {"stage": "joint", "of": draft}, "desk")
    step = {"stage": "public", "of": made.at["draft of published"], "about": [made.at["published"]]}
    made.say("public", "publication", {**step, "texts": {"en": "held"}}, "us", "ru")
    step = {"stage": "withheld", "of": made.at["draft of kept"], "about": [made.at["kept"]]}
    made.say("withheld", "publication", {**step, "code": "talks", "reason": "they talk"}, "us", "ru")
    return made


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """That case, made once."""
    folder = tmp_path_factory.mktemp("told")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUCELINE_CONFIG", str(folder / "config"))
        made = told(folder / "case")
        yield made
        made.case.close()


@pytest.fixture(scope="module")
def served(story: Told) -> Iterator[Service]:
    """A service over it."""
    with Service.open(story.case.where, WIDE) as opened:
        yield opened


@pytest.fixture(scope="module")
def asking(served: Service) -> Iterator[Client]:
    """Somebody who asks it."""
    made = Client(make_app(served))
    yield made
    made.close()


def got(asking: Client, viewer: Viewer, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401  # of httpx
    """What a viewer is answered."""
    with asking.seen_as(viewer):
        return asking.get(path, **more)


def listed(asking: Client, viewer: Viewer, query: str = "") -> list[int]:
    """The indexes of all entries that a viewer is shown, page by page."""
    found: list[int] = []
    after = -1
    while True:
        page = got(asking, viewer, f"/api/v1/record/entries?after={after}&limit=3{query}").json()
        found += [one["entry"] for one in page["items"]]
        if page["next"] is None:
            return found
        after = int(page["next"])


FOR_ALL = ("charter", "agreement", "published", "public")


# -- who reads what ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("viewer", "names"),
    [
        (PUBLIC, FOR_ALL), (MEDIATOR, FOR_ALL), (INTAKE, FOR_ALL), (UN, (*FOR_ALL, "monitored")),
        (MIRROR, None), (US, None), (RU, None), (DESK, None),
    ],
    ids=lambda one: one.role if isinstance(one, Viewer) else "",
)  # fmt: skip
def test_who_may_not_mirror_reads_what_is_public_and_its_own(
    asking: Client, story: Told, viewer: Viewer, names: tuple[str, ...] | None
) -> None:
    """Lists, single entries and bytes agree; all others are the one answer, whether they are there or not."""
    size = len(story.case.entries())
    expected = list(range(size)) if names is None else sorted(story.at[name] for name in names)
    assert listed(asking, viewer) == expected
    missing = got(asking, viewer, f"/api/v1/record/entries/{size + 5}")
    for index in range(size):
        for path in (f"/api/v1/record/entries/{index}", f"/api/v1/record/entries/{index}/bytes"):
            answer = got(asking, viewer, path)
            assert answer.status_code == (200 if index in expected else 404), (viewer.role, path)
            if index not in expected:
                assert answer.content == missing.content


def test_filters_do_not_show_that_something_is_hidden(asking: Client, story: Told) -> None:
    """Asked for a type or a submitter that it may not read, the public is told of none."""
    assert listed(asking, PUBLIC, "&type=allegation") == []
    assert listed(asking, PUBLIC, "&by=us") == [story.at["published"], story.at["public"]]
    assert listed(asking, PUBLIC, "&type=finding") == [story.at["published"]]
    assert listed(asking, US, "&type=allegation&by=us") == [story.at["open"], story.at["sealed"]]
    assert listed(asking, US, "&type=finding") == [story.at["published"], story.at["kept"]]
    assert listed(asking, US, "&type=nonsense") == []


def test_an_entry_is_shown_with_who_signed_it_when_it_was_known_and_what_made_it_public(
    asking: Client, story: Told
) -> None:
    """The dissent is printed with the finding; a body that is sealed is not there for anybody."""
    shown = got(asking, PUBLIC, f"/api/v1/record/entries/{story.at['published']}").json()
    assert (shown["type"], shown["signed_by"], shown["published"]["by"]) == (
        "finding", ["ru", "us"], story.at["public"],
    )  # fmt: skip
    assert shown["body"]["dissent"] == [{"by": "ru", "text": "there was none"}]
    data = got(asking, PUBLIC, f"/api/v1/record/entries/{story.at['published']}/bytes").content
    assert leaf_hash(data).hex() == shown["leaf"]
    assert read_entry(data).statement.body == shown["body"]
    sealed = got(asking, RU, f"/api/v1/record/entries/{story.at['sealed']}").json()
    assert (sealed["is_sealed"], sealed["body"]) == (True, None)


# -- proofs ------------------------------------------------------------------------------------------------------------


def test_everybody_gets_the_proofs_and_they_hold(asking: Client, story: Told) -> None:
    """Hashes alone: whoever holds a receipt can ask whether the entry is in the tree, and needs no account."""
    log = Verifier.parse(story.case.charter().log)
    head = open_checkpoint(got(asking, PUBLIC, "/checkpoint").content, log).checkpoint
    assert head.size == len(story.case.entries())
    for index in range(head.size):
        proof = read_proof(got(asking, PUBLIC, f"/api/v1/record/entries/{index}/proof").content)
        assert check_proof(proof, leaf_hash(story.case.entries()[index].entry.data), log).checkpoint.root == head.root
    old = story.case.store.note(3) or b""
    path = got(asking, PUBLIC, "/api/v1/record/consistency?old=3").json()["path"]
    check_consistency(
        old=3, new=head.size, path=[base64.b64decode(one) for one in path],
        old_root=open_checkpoint(old, log).checkpoint.root, new_root=head.root,
    )  # fmt: skip


@pytest.mark.parametrize(("query", "status"), [
    ("old=5&new=3", 404), ("old=0&new=100000", 404), ("old=-1", 422), ("old=x", 422), ("", 422),
])  # fmt: skip
def test_a_proof_between_sizes_that_are_none_is_refused(asking: Client, query: str, status: int) -> None:
    """Sizes are public: what is wrong with them is said."""
    found = got(asking, PUBLIC, f"/api/v1/record/consistency?{query}")
    assert found.status_code == status
    assert "old" in found.json()["detail"]


def test_earlier_checkpoints_say_since_when_entries_are_known(asking: Client, story: Told) -> None:
    """Page by page, each signed by the log and dated by its clock; for everybody, as the tree is."""
    charter, found, after = story.case.charter(), list[int](), 0
    log, clock = Verifier.parse(charter.log), Verifier.parse(charter.clock)
    while True:
        page = got(asking, PUBLIC, f"/api/v1/record/checkpoints?after={after}&limit=3").json()
        for one in page["items"]:
            assert open_checkpoint(one["note"].encode(), log).checkpoint.size == one["size"]
            assert check_note(read_note(one["note"].encode()), [clock])[clock] is not None
        found += [one["size"] for one in page["items"]]
        if page["next"] is None:
            break
        after = int(page["next"])
    assert found == [size for size in story.case.store.notes() if size]


def test_entries_as_tiles_are_for_those_who_mirror(asking: Client, story: Told) -> None:
    """Tiles of hashes are for everybody; a bundle of entries would be all of the record at once."""
    size = len(story.case.entries())
    hashes = got(asking, PUBLIC, f"/tile/0/000.p/{size}")
    assert hashes.content == b"".join(leaf_hash(one.entry.data) for one in story.case.entries())
    missing = got(asking, PUBLIC, "/tile/entries/001").content
    for viewer in (PUBLIC, UN, MEDIATOR, INTAKE):
        answer = got(asking, viewer, f"/tile/entries/000.p/{size}")
        assert (answer.status_code, answer.content) == (404, missing)
    for viewer in (MIRROR, US, DESK):
        data = got(asking, viewer, f"/tile/entries/000.p/{size}").content
        assert entries_of(data, size) == [one.entry.data for one in story.case.entries()]


@pytest.mark.parametrize(
    "name", ["0/001", "0/000.p/256", "0/000.p/0", "9/000", "entries/000.p/999", "x", "0/../../head"]
)
def test_a_tile_that_is_none_is_not_there(asking: Client, name: str) -> None:
    """Names are computed by one rule; what the rule does not write is no path into the store."""
    assert got(asking, US, f"/tile/{name}").status_code == 404


def test_a_bundle_holds_what_its_reader_may_read_and_proves_itself(asking: Client, story: Told) -> None:
    """One hidden entry among those that are asked for, and there is no bundle."""
    held = story.at["published"]
    answer = got(asking, PUBLIC, f"/api/v1/record/bundle?entries={held}&entries=1")
    opened = open_bundle(answer.content)
    assert (opened.chosen, set(opened.entries)) == ((1, held), {0, 1, held})
    assert {name.split("/")[0] for name in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()} >= {"blobs"}
    for hidden in (story.at["kept"], story.at["open"], 10_000):
        refused = got(asking, PUBLIC, f"/api/v1/record/bundle?entries=1&entries={hidden}")
        assert (refused.status_code, refused.json()["type"]) == (404, "/problems/not-found")


def test_no_more_than_two_bundles_are_made_at_once(asking: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole record is read for each; whoever comes third is told when to come again, and nobody else waits."""
    monkeypatch.setattr("truceline.web.routes.record._BUNDLING", threading.BoundedSemaphore(1))
    from truceline.web.routes.record import _BUNDLING

    with _BUNDLING:
        busy = got(asking, PUBLIC, "/api/v1/record/bundle?entries=1")
    assert (busy.status_code, busy.json()["type"], busy.headers["retry-after"]) == (503, "/problems/busy", "5")
    assert got(asking, PUBLIC, "/api/v1/record/bundle?entries=1").status_code == 200


# -- what lies beside --------------------------------------------------------------------------------------------------


def test_a_file_is_given_to_who_may_read_an_entry_that_names_it(asking: Client, story: Told) -> None:
    """A seized letter cannot be tested: to everybody else its hash is one that nobody ever named."""
    digest = sha256(story.secret)
    assert got(asking, RU, f"/api/v1/record/blobs/{digest}").content == story.secret
    refused = [got(asking, viewer, f"/api/v1/record/blobs/{digest}") for viewer in (PUBLIC, UN, MEDIATOR, INTAKE)]
    nothing = got(asking, PUBLIC, f"/api/v1/record/blobs/{'0' * 64}")
    assert {(one.status_code, one.content) for one in (*refused, nothing)} == {(404, nothing.content)}
    text = next(blob for blob in story.case.entries()[1].statement.blobs if blob.name == "agreement.yaml")
    assert sha256(got(asking, PUBLIC, f"/api/v1/record/blobs/{text.sha256}").content) == text.sha256


def test_whether_a_file_is_known_is_not_looked_up_for_who_may_not_read_it(
    asking: Client, story: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store is not touched, so that not even the time says it."""
    looked: list[str] = []

    def has_blob(_: object, digest: str) -> bool:
        looked.append(digest)
        return True

    monkeypatch.setattr(type(story.case.store), "has_blob", has_blob)
    got(asking, PUBLIC, f"/api/v1/record/blobs/{sha256(story.secret)}")
    assert looked == []


def test_a_box_is_given_to_its_readers_and_the_reading_is_noted(asking: Client, served: Service, story: Told) -> None:
    """Whoever wrote it without naming itself cannot read it either; as a file nobody gets it."""
    index = story.at["sealed"]
    sealed = story.case.entries()[index].statement.sealed
    assert sealed is not None
    box = got(asking, RU, f"/api/v1/record/entries/{index}/box").content
    reader = keyring.keys_of("ru", "read")[0]
    assert b"told to ru alone" in open_box(sealed, box, reader.id, reader.secret)
    assert (rows(served.state)[-1]["account"], rows(served.state)[-1]["about"]) == ("a-ru", str(index))
    noted = len(rows(served.state))
    for viewer in (US, DESK, MIRROR, UN, PUBLIC):
        assert got(asking, viewer, f"/api/v1/record/entries/{index}/box").status_code == 404
        assert got(asking, viewer, f"/api/v1/record/blobs/{sealed.box}").status_code == 404
    assert got(asking, RU, f"/api/v1/record/blobs/{sealed.box}").status_code == 404
    assert got(asking, RU, f"/api/v1/record/entries/{story.at['open']}/box").status_code == 404
    assert len(rows(served.state)) == noted


def test_a_draft_is_read_by_those_concerned_and_the_desk(asking: Client, story: Told) -> None:
    """Nobody else, a mirror of the record included."""
    path = f"/api/v1/record/entries/{story.at['draft of kept']}/box"
    assert [got(asking, one, path).status_code for one in (US, RU, DESK, MIRROR, UN, PUBLIC)] == [
        200, 200, 200, 404, 404, 404,
    ]  # fmt: skip


# -- lines and the record as a whole -----------------------------------------------------------------------------------


def test_a_party_learns_where_its_own_next_statement_stands(asking: Client, story: Told) -> None:
    """How much another has said is not for it; the secretariat hands in for anybody."""
    shown = got(asking, US, "/api/v1/lines/us").json()
    line = story.case.register().lines["us"]
    assert (shown["next"], shown["previous"], shown["under"]) == (line.next, line.previous, story.case.info.canonical)
    assert shown["cites"]["size"] == len(story.case.entries())
    answers = [
        (US, "ru", 404),
        (US, "nobody", 404),
        (DESK, "us", 200),
        (UN, "un", 200),
        (UN, "us", 404),
        (PUBLIC, "us", 404),
    ]
    for viewer, party, status in answers:
        assert got(asking, viewer, f"/api/v1/lines/{party}").status_code == status, (viewer.role, party)


def test_the_record_says_whose_it_is(asking: Client, story: Told) -> None:
    """Origin, keys with their history, policy, text in force and the newest checkpoint: what a verifier starts from."""
    shown = got(asking, PUBLIC, "/api/v1/record").json()
    assert (shown["log"], shown["size"]) == (story.case.charter().log, len(story.case.entries()))
    assert {one["party"] for one in shown["keys"]} == {"desk", *PARTIES}
    assert shown["text"]["canonical_sha256"] == story.case.info.canonical
    assert shown["law"].startswith("International humanitarian law")


# -- publication -------------------------------------------------------------------------------------------------------


def test_what_was_made_public_is_shown_to_everybody_with_its_dissent(asking: Client, story: Told) -> None:
    """The finding as its body signed it, by the publication that made it public."""
    for viewer in (PUBLIC, UN, RU):
        items = got(asking, viewer, "/api/v1/published").json()["items"]
        assert [(one["publication"], one["by"], one["texts"]) for one in items] == [
            (story.at["public"], "tf", {"en": "held"}),
        ]  # fmt: skip
        assert [one["entry"] for one in items[0]["entries"]] == [story.at["published"]]
        assert items[0]["entries"][0]["body"]["dissent"][0]["by"] == "ru"


def test_the_public_is_told_how_many_are_withheld_and_nothing_that_says_which(asking: Client, story: Told) -> None:
    """Number and age in whole days; no index, no party, no reason."""
    answer = got(asking, PUBLIC, "/api/v1/withheld")
    shown = answer.json()
    assert (shown["withheld"], shown["unpublished"]) == (
        {"number": 1, "ages_days": [0]}, {"number": 0, "ages_days": []},
    )  # fmt: skip
    assert set(shown) == {"withheld", "unpublished", "known_at", "law"}
    for word in ("talks", "tf", "us", "ru"):
        assert f'"{word}"' not in answer.text
    assert {got(asking, viewer, "/api/v1/withheld").text for viewer in (US, RU, DESK, UN)} == {answer.text}


def test_matters_are_shown_to_those_concerned(asking: Client, story: Told) -> None:
    """Who is asked, who decides and the desk see how far each draft has come; nobody else learns that there is one."""
    expected = [story.at["draft of published"], story.at["draft of kept"]]
    for viewer in (US, RU, DESK):
        items = got(asking, viewer, "/api/v1/publications").json()["items"]
        assert [one["of"] for one in items] == expected
        assert [one["stage"] for one in items] == ["public", "withheld"]
    page = got(asking, US, f"/api/v1/publications?limit=1&after={expected[0] - 1}").json()
    assert (len(page["items"]), page["next"]) == (1, str(expected[0]))
    for viewer in (PUBLIC, UN, MEDIATOR, MIRROR, INTAKE):
        assert got(asking, viewer, "/api/v1/publications").status_code == 404
    stranger = Viewer("a-gov", "party", "gov")
    assert got(asking, stranger, "/api/v1/publications").json()["items"] == []
    assert course_of(story.case).ignored == {}
