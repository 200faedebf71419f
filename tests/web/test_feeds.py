"""Feeds of what was made public: valid, with ids that stay, in three languages, and nothing else in them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from defusedxml.minidom import parseString
from msgspec.structs import replace

from tests.desk.seen_case import NOON, finding, publish
from tests.web.reader import PEOPLE, House, house
from truceline import LAW
from truceline.span import parse_instant
from truceline.web.routes.feeds import _WORDS, _xml

JSON_FEED = {
    "version",
    "title",
    "description",
    "language",
    "authors",
    "items",
    "_truceline",
    "home_page_url",
    "feed_url",
}
ITEM = {"id", "title", "content_text", "date_published", "date_modified", "language", "authors", "url"}


@pytest.fixture(scope="module")
def open_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A case that no test changes."""
    with house(tmp_path_factory.mktemp("feeds") / "case") as made:
        yield made


def atom(made: House, lang: str = "en") -> Any:  # noqa: ANN401  # an element
    """The Atom feed, parsed strictly."""
    answer = made.ask("public", "/feeds/findings.atom", params={"lang": lang})
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    return parseString(answer.text).documentElement


def texts(of: Any, name: str) -> list[str]:  # noqa: ANN401  # an element
    """The texts of the children of a name."""
    return [
        "".join(one.data for one in child.childNodes) for child in of.childNodes if child.nodeName == name
    ]  # fmt: skip


@pytest.mark.parametrize("lang", _WORDS)
def test_the_atom_feed_has_what_rfc_4287_asks_for(open_house: House, lang: str) -> None:
    """One id, title and date of the feed and of each entry, authors, and a link to where it is read."""
    feed = atom(open_house, lang)
    assert (feed.tagName, feed.getAttribute("xmlns")) == ("feed", "http://www.w3.org/2005/Atom")
    assert feed.getAttribute("xml:lang") == lang
    entries = [one for one in feed.childNodes if one.nodeName == "entry"]
    assert len(entries) == 2, "a finding, and the publication that made it public"
    for one in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert len(texts(one, name)) == 1, name
        assert texts(one, "id")[0] == f"urn:uuid:{uuid.UUID(texts(one, 'id')[0].removeprefix('urn:uuid:'))}"
        parse_instant(texts(one, "updated")[0], "UTC")
    assert texts(feed, "updated")[0] == max(texts(one, "updated")[0] for one in entries)
    assert texts(feed, "rights") == [LAW]
    for one in entries:
        assert texts(one, "content")[0].endswith(LAW)
        assert any(child.nodeName == "author" for child in one.childNodes)
        assert [child.getAttribute("rel") for child in one.childNodes if child.nodeName == "link"] == ["alternate"]
    assert any(texts(one, "title")[0].startswith(_WORDS[lang]["breach"]) for one in entries)


@pytest.mark.parametrize("lang", _WORDS)
def test_the_json_feed_has_what_version_1_1_asks_for(open_house: House, lang: str) -> None:
    """Members by their names, dates by RFC 3339, the language said."""
    answer = open_house.ask("public", "/feeds/findings.json", params={"lang": lang})
    assert answer.headers["content-type"] == "application/feed+json; charset=utf-8"
    feed = answer.json()
    assert set(feed) <= JSON_FEED
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert (feed["language"], feed["description"], feed["_truceline"]["law"]) == (lang, LAW, LAW)
    assert len(feed["items"]) == 2
    for one in feed["items"]:
        assert set(one) <= ITEM
        assert one["id"].startswith("urn:uuid:")
        assert one["date_published"] <= one["date_modified"]
        assert one["authors"]
    dissent = next(one for one in feed["items"] if one["title"].startswith(_WORDS[lang]["breach"]))
    assert "south: It was not clear." in dissent["content_text"], "dissent is printed"


def test_both_feeds_tell_the_same(open_house: House) -> None:
    """The same ids, titles and dates."""
    items = open_house.get("public", "/feeds/findings.json")["items"]
    entries = [one for one in atom(open_house).childNodes if one.nodeName == "entry"]
    told = [(texts(one, "id")[0], texts(one, "title")[0], texts(one, "updated")[0]) for one in entries]
    assert told == [(one["id"], one["title"], one["date_modified"]) for one in items]


def test_everybody_gets_the_same_feed_and_not_twice(open_house: House) -> None:
    """Whoever is signed in sees no more in it; 304 for its tag."""
    for path in ("/feeds/findings.atom", "/feeds/findings.json"):
        answers = {open_house.ask(who, path).content for who in PEOPLE}
        assert len(answers) == 1
        tag = open_house.ask("public", path).headers["etag"]
        again = open_house.ask("public", path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b"")


def test_a_language_that_there_is_not_is_refused(open_house: House) -> None:
    """Rather than answered in another."""
    assert open_house.ask("public", "/feeds/findings.atom", params={"lang": "xx"}).status_code == 422


def test_links_are_whole_where_the_host_says_its_origin(open_house: House) -> None:
    """Never made of the header that whoever asks sends."""
    before = open_house.service.settings
    assert "url" not in open_house.get("public", "/feeds/findings.json")["items"][0]
    open_house.service.settings = replace(before, origin="https://case.example")
    try:
        feed = open_house.get("public", "/feeds/findings.json")
        assert feed["items"][0]["url"].startswith("https://case.example/api/v1/")
        assert feed["home_page_url"] == "https://case.example"
    finally:
        open_house.service.settings = before


def test_ids_stay_and_a_correction_moves_the_date(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A later finding about a public one changes how that reads: the item keeps its id, and says who corrects it."""
    with house(tmp_path_factory.mktemp("correcting") / "case") as made:
        before = {one["id"]: one for one in made.get("public", "/feeds/findings.json")["items"]}
        first = made.findings["public"]
        later = finding(made.case, NOON, about=[first], holds="no-breach", text="It was another square.")
        publish(made.case, later, NOON)
        made.service.snapshots.refresh()
        after = {one["id"]: one for one in made.get("public", "/feeds/findings.json")["items"]}
        assert set(before) < set(after)
        moved = {key for key in before if after[key] != before[key]}
        assert len(moved) == 1
        (key,) = moved
        assert after[key]["date_published"] == before[key]["date_published"]
        assert after[key]["date_modified"] > before[key]["date_modified"]
        assert f"Corrected by entry {later}." in after[key]["content_text"]


def test_what_xml_cannot_hold_is_left_out() -> None:
    """A word of others must not make the feed unreadable."""
    assert _xml("a\x00b\x1bc <d> & \n e") == "abc &lt;d&gt; &amp; \n e"
    assert json.loads(json.dumps(_WORDS)).keys() == {"en", "ar", "ru"}
    assert len({frozenset(words) for words in _WORDS.values()}) == 1
