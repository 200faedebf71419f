"""Fetching against recorded answers of a server on this machine: cut, changed, put off, lying, and in the end whole."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.evidence.bench import ROW
from truceline.desk import datasets, fetching
from truceline.desk.fetching import Asked, Site, key_of, seal, settled
from truceline.errors import InputError, StoreError, TrucelineError, VerificationError

DATA = bytes(range(256)) * 40
KEY = "s3cretKEY0123456789abcdef"


@dataclass
class Answer:
    """One recorded answer.

    Attributes:
        cut: hang up after so many bytes; None = send all.
        kind: `range` answers ranges as it should; `plain` never; else as given.
    """

    status: int = 0
    body: bytes = DATA
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    kind: str = "range"
    etag: str = '"one"'


class Recorded(ThreadingHTTPServer):
    """A server that gives recorded answers, one after the other, the last one for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        """Take any free port of this machine."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[Answer | Callable[[str], Answer]] = [Answer()]
        self.asked: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def says(self, *answers: Answer | Callable[[str], Answer]) -> None:
        """What it says from now on."""
        self.answers, self.asked = list(answers), []


class Handler(BaseHTTPRequestHandler):
    """Gives the next recorded answer."""

    server: Recorded

    def do_GET(self) -> None:
        """Answer, whole or cut off."""
        told = self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        self.server.asked.append((self.path, dict(self.headers)))
        answer = told(self.path) if callable(told) else told
        status, body, headers = self._made(answer)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body if answer.cut is None else body[: answer.cut])

    def _made(self, answer: Answer) -> tuple[int, bytes, dict[str, str]]:
        headers = {"ETag": answer.etag} if answer.etag else {}
        wanted = self.headers.get("Range")
        if answer.status or wanted is None or answer.kind == "plain" or self.headers.get("If-Range") != answer.etag:
            return answer.status or 200, answer.body, headers
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        size = len(answer.body)
        if start >= size:
            return 416, b"", {**headers, "Content-Range": f"bytes */{size}"}
        return 206, answer.body[start:], {**headers, "Content-Range": f"bytes {start}-{size - 1}/{size}"}

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[Recorded]:
    """The recorded server."""
    with recorded() as made:
        yield made


@contextmanager
def recorded() -> Iterator[Recorded]:
    """A recorded server that runs."""
    made = Recorded()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()


def site(server: Recorded, pauses: list[float] | None = None, **more: Any) -> Site:  # noqa: ANN401  # options of `Site`
    """A site that does not wait."""
    return Site(server.url, pause=(pauses if pauses is not None else []).append, **more)


def got(server: Recorded, folder: Path) -> bytes:
    """The file that comes."""
    target = folder / "f.bin"
    site(server).get(Asked("/f.bin", "f.bin", target))
    assert sorted(path.name for path in folder.iterdir()) == ["f.bin"]
    return target.read_bytes()


# -- one file --------------------------------------------------------------------------------------------------------


def test_what_broke_off_goes_on_where_it_was(server: Recorded, tmp_path: Path) -> None:
    """A long download over a bad line comes to an end: every byte is sent once."""
    server.says(Answer(cut=4_000), Answer(cut=3_000), Answer())
    assert got(server, tmp_path) == DATA
    assert [headers.get("Range") for _, headers in server.asked] == [None, "bytes=4000-", "bytes=7000-"]
    assert {headers.get("If-Range") for _, headers in server.asked[1:]} == {'"one"'}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, len(DATA) - 1), max_size=3), tails=st.sampled_from(["range", "plain"]))
def test_wherever_it_is_cut_the_file_is_whole(
    server: Recorded, tmp_path_factory: pytest.TempPathFactory, cuts: list[int], tails: str
) -> None:
    """Cut at any byte, with ranges or without: in the end the same bytes."""
    server.says(*(Answer(cut=cut, kind=tails) for cut in cuts), Answer(kind=tails))
    assert got(server, tmp_path_factory.mktemp("cut")) == DATA


def test_another_edition_is_taken_from_its_beginning(server: Recorded, tmp_path: Path) -> None:
    """Half of one edition and half of another are no file."""
    other = DATA[::-1]
    server.says(Answer(cut=4_000), Answer(body=other, etag='"two"'))
    assert got(server, tmp_path) == other


@pytest.mark.parametrize(
    "lie",
    [
        Answer(206, DATA[100:], {"Content-Range": f"bytes 100-{len(DATA) - 1}/{len(DATA)}"}),
        Answer(206, DATA[4_000:], {"Content-Range": f"bytes 4000-{len(DATA)}/{len(DATA) + 1}"}),
        Answer(206, DATA[4_000:], {"Content-Range": f"bytes 4000-{len(DATA) - 1}/{len(DATA)}"}, etag='"two"'),
        Answer(206, DATA[4_000:]),
        Answer(416, b"", {"Content-Range": "bytes */4001"}),
    ],
    ids=["another start", "another length", "another etag", "no range", "416 of another"],
)
def test_a_part_that_does_not_fit_is_not_joined(server: Recorded, tmp_path: Path, lie: Answer) -> None:
    """A 206 that begins elsewhere or is of another edition: what we had is thrown away, and all of it asked for."""
    server.says(Answer(cut=4_000), lie, Answer())
    assert got(server, tmp_path) == DATA
    assert "Range" not in server.asked[-1][1]


def test_a_file_whose_end_was_cut_from_the_answer_is_whole(server: Recorded, tmp_path: Path) -> None:
    """All bytes came before the program was stopped: the server says that nothing is left (416)."""
    target = tmp_path / "f.bin"
    asked = Asked("/f.bin", "f.bin", target)
    server.says(Answer(cut=9_000), Answer(404))
    with pytest.raises(InputError):
        site(server).get(asked)
    asked.part.write_bytes(DATA)
    server.says(Answer())
    assert got(server, tmp_path) == DATA
    assert len(server.asked) == 1


def test_without_a_strong_mark_nothing_is_continued(server: Recorded, tmp_path: Path) -> None:
    """A weak ETag does not say that the bytes are the same."""
    server.says(Answer(cut=4_000, etag='W/"one"'), Answer(etag='W/"one"'))
    assert got(server, tmp_path) == DATA
    assert "Range" not in server.asked[1][1]


def test_the_date_of_the_file_is_a_mark_too(server: Recorded, tmp_path: Path) -> None:
    """Static file servers give `Last-Modified` where they give no ETag."""
    when = {"Last-Modified": "Mon, 01 Jul 2024 00:00:00 GMT"}
    rest = {**when, "Content-Range": f"bytes 4000-{len(DATA) - 1}/{len(DATA)}"}
    server.says(Answer(cut=4_000, etag="", headers=when), Answer(206, DATA[4_000:], rest, etag=""))
    assert got(server, tmp_path) == DATA
    assert server.asked[1][1]["If-Range"] == when["Last-Modified"]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_that_puts_us_off_is_asked_again(server: Recorded, tmp_path: Path, status: int) -> None:
    """After the pause that it names, or one of our own; never longer than two minutes."""
    pauses: list[float] = []
    server.says(Answer(status, headers={"Retry-After": "7"}), Answer(status, headers={"Retry-After": "9999"}), Answer())
    site(server, pauses).get(Asked("/f.bin", "f.bin", tmp_path / "f.bin"))
    assert pauses == [7, fetching.MOST_PAUSE_S]


def test_after_a_few_tries_it_is_given_up(server: Recorded, tmp_path: Path) -> None:
    """A server that never answers well is no reason to ask for ever; what came stays for the next run."""
    server.says(Answer(cut=4_000), Answer(500))
    with pytest.raises(StoreError, match=r"answered 500 \(4 tries\)"):
        site(server).get(Asked("/f.bin", "f.bin", tmp_path / "f.bin"))
    assert len(server.asked) == 1 + fetching.TRIES
    server.says(Answer())
    assert got(server, tmp_path) == DATA
    assert server.asked[0][1]["Range"] == "bytes=4000-"


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (Answer(401), InputError, "the key was refused"), (Answer(403), InputError, "the key was refused"),
        (Answer(404), InputError, "there is no such file"), (Answer(302), StoreError, "not followed"),
        (Answer(headers={"Content-Encoding": "gzip"}), StoreError, "not asked for"),
        (Answer(headers={"Content-Length": str(1 << 40)}), StoreError, "expected at most"),
    ],
)  # fmt: skip
def test_what_will_never_come_is_said_at_once(
    server: Recorded, tmp_path: Path, answer: Answer, kind: type[TrucelineError], message: str
) -> None:
    """One question, one line, no file."""
    server.says(answer)
    with pytest.raises(kind, match=message) as error:
        site(server).get(Asked("/f.bin", "f.bin", tmp_path / "f.bin"))
    assert len(server.asked) == 1
    assert len(str(error.value).splitlines()) == 1
    assert not (tmp_path / "f.bin").exists()


def test_without_internet_one_line_says_so(tmp_path: Path) -> None:
    """Nobody answers at this port: exit code 7 and a plain question, no traceback."""
    with Recorded() as closed:
        url = closed.url
    with pytest.raises(StoreError, match="is there a way to the internet") as error:
        Site(url, pause=lambda _s: None).get(Asked("/f.bin", "f.bin", tmp_path / "f.bin"))
    assert error.value.exit_code == 7


def test_more_than_was_agreed_is_refused(server: Recorded, tmp_path: Path) -> None:
    """A page is not a film: a server that does not say how long its answer is cannot fill the disk."""
    server.says(Answer())
    with pytest.raises(StoreError, match="at most 100 bytes"):
        site(server).get(Asked("/f.bin", "f.bin", tmp_path / "f.bin", most=100))


# -- checksums and keys ----------------------------------------------------------------------------------------------


def test_a_file_that_was_changed_here_is_not_taken_for_what_was_fetched(tmp_path: Path) -> None:
    """The checksum beside it is that of the fetched bytes, as `sha256sum` writes it."""
    path = tmp_path / "f.csv"
    assert settled(path) == ""
    path.write_bytes(b"a\n")
    digest = seal(path)
    assert (tmp_path / "f.csv.sha256").read_text() == f"{hashlib.sha256(b'a' + bytes([10])).hexdigest()}  f.csv\n"
    assert settled(path) == digest
    path.write_bytes(b"b\n")
    with pytest.raises(VerificationError, match="not the bytes that were fetched"):
        settled(path)
    (tmp_path / "f.csv.sha256").unlink()
    with pytest.raises(InputError, match="without a checksum"):
        settled(path)


def test_a_key_comes_from_a_file_or_the_environment_and_is_never_repeated(tmp_path: Path) -> None:
    """A key with a line break could add headers of its own; what is wrong with it is said without it."""
    file = tmp_path / "key"
    file.write_text(f"  {KEY}\n")
    assert (key_of(file, ""), key_of(None, KEY), key_of(None, "")) == (KEY, KEY, "")
    file.write_text(f"{KEY}\r\nX-Other: 1")
    with pytest.raises(InputError) as error:
        key_of(file, "")
    assert KEY not in str(error.value)


def test_a_key_is_not_sent_in_the_open() -> None:
    """Plain http to another machine is refused before anything is sent."""
    with pytest.raises(InputError, match="in the open"):
        Site("http://example.org", has_secret=True)
    Site("https://example.org", has_secret=True)


# -- UCDP and FIRMS --------------------------------------------------------------------------------------------------


def events(count: int, total: int) -> Callable[[str], Answer]:
    """Pages of an API with so many events on so many pages."""

    def page(path: str) -> Answer:
        number = int(path.rpartition("page=")[2].partition("&")[0])
        rows = [{**ROW, "id": 100 * number + i, "active_year": True, "gwnob": None} for i in range(count // total)]
        return Answer(body=json.dumps({"TotalCount": count, "TotalPages": total, "Result": rows}).encode())

    return page


def test_events_of_a_country_come_page_by_page(server: Recorded, tmp_path: Path) -> None:
    """The token is in a header of every question; the CSV is read like any release; a second run asks nothing."""
    sites = lambda url: Site(url, {"x-ucdp-access-token": KEY}, has_secret=True)  # noqa: E731  # one line
    server.says(events(6, 3))
    made = datasets.fetch_events("24.1", "Syria", ("2016-01-01", ""), tmp_path, sites, server.url)
    assert (made.rows, made.path.name, made.was_there) == (6, "ucdp-ged-24.1-652-2016-01-01.csv", False)
    assert [path.partition("page=")[2].partition("&")[0] for path, _ in server.asked] == ["0", "1", "2"]
    assert all("Country=652&StartDate=2016-01-01" in path and KEY not in path for path, _ in server.asked)
    assert all(headers["x-ucdp-access-token"] == KEY for _, headers in server.asked)
    assert sorted(path.name for path in tmp_path.iterdir()) == [made.path.name, f"{made.path.name}.sha256"]
    from tests.evidence.bench import manner
    from truceline.evidence import ucdp

    with made.path.open("rb") as file:
        read = ucdp.read(file, made.path.name, manner())
    assert read.table.column("source_version").unique().to_pylist() == ["24.1"]
    assert read.table.num_rows == 6
    server.says(Answer(500))
    assert datasets.fetch_events("24.1", "652", ("2016-01-01", ""), tmp_path, sites, server.url).was_there
    assert server.asked == []


def test_pages_that_came_are_not_asked_for_again(server: Recorded, tmp_path: Path) -> None:
    """The server gives up on the third page; the next run begins with it."""
    sites = lambda url: Site(url, pause=lambda _s: None)  # noqa: E731  # one line
    page = events(6, 3)
    server.says(page, page, Answer(500))
    with pytest.raises(StoreError):
        datasets.fetch_events("24.1", "Syria", ("", ""), tmp_path, sites, server.url)
    server.says(page)
    assert datasets.fetch_events("24.1", "Syria", ("", ""), tmp_path, sites, server.url).rows == 6
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", "expected a page of events"), (b"[" * 100_000, "expected a page of events"),
        (b'{"TotalCount": 5, "TotalPages": 1, "Result": []}', "expected 5 events on 1 pages, got 0"),
        (b'{"TotalCount": 1, "TotalPages": 1, "Result": [{"message": "hello"}]}', "expected events of GED"),
        (json.dumps({"TotalCount": 2, "TotalPages": 1, "Result": [ROW, {**ROW, "more": 1}]}).encode(), "lack: `more`"),
        (b'{"TotalCount": 1, "TotalPages": 99999999, "Result": []}', "at most 100000 pages"),
    ],
)  # fmt: skip
def test_what_is_no_page_of_events_is_refused(server: Recorded, tmp_path: Path, body: bytes, message: str) -> None:
    """A page of a login, a number that cannot be, fewer events than were promised."""
    server.says(Answer(body=body))
    with pytest.raises(StoreError, match=message):
        datasets.fetch_events("24.1", "Syria", ("", ""), tmp_path, Site, server.url)
    assert not list(tmp_path.glob("*.csv"))


RELEASE = (",".join(ROW) + "\n" + ",".join(map(str, ROW.values())) + "\n").encode()
"""A release of one made-up row."""


def zipped(**files: bytes) -> bytes:
    """An archive."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("_csv", ".csv"), data)
    return sink.getvalue()


def test_a_release_comes_as_one_archive(server: Recorded, tmp_path: Path) -> None:
    """Its one CSV is unpacked under the name that says the version."""
    server.says(
        Answer(body=zipped(GED_csv=RELEASE, readme=b"x"), cut=30),
        Answer(body=zipped(GED_csv=RELEASE, readme=b"x")),
    )
    made = datasets.fetch_release("24.1", tmp_path, lambda _url: site(server), server.url)
    assert (made.path.name, made.path.read_bytes()) == ("GEDEvent_v24_1.csv", RELEASE)
    assert server.asked[-1][0] == "/downloads/ged/ged241-csv.zip"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_candidate_release_is_a_plain_file(server: Recorded, tmp_path: Path) -> None:
    """Monthly releases are no archives."""
    server.says(Answer(body=RELEASE))
    made = datasets.fetch_release("24.0.3", tmp_path, lambda _url: site(server), server.url)
    assert made.path.name == "GEDEvent_v24_0_3.csv"
    assert server.asked[-1][0] == "/downloads/candidateged/GEDEvent_v24_0_3.csv"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (zipped(a_csv=b"\0" * (8 << 20)), "got a bomb"), (zipped(a_csv=b"1", b_csv=b"2"), "expected one CSV, got 2"),
        (zipped(a_csv=b"<html>come back later\n"), "expected a release of GED"), (b"no archive", "cannot be unpacked"),
        (zipped(a_csv=b"x" * 2_000)[:80], "cannot be unpacked"),
    ],
    ids=["bomb", "two", "page", "none", "cut"],
)  # fmt: skip
def test_an_archive_that_is_none_is_refused(server: Recorded, tmp_path: Path, body: bytes, message: str) -> None:
    """Nothing of it is left under the name of a release."""
    server.says(Answer(body=body))
    with pytest.raises(StoreError, match=message):
        datasets.fetch_release("24.1", tmp_path, lambda _url: site(server), server.url)
    assert not list(tmp_path.glob("*.csv"))


def test_a_page_instead_of_a_candidate_release_is_no_data_set(server: Recorded, tmp_path: Path) -> None:
    """A server that says with 200 that it is asleep: nothing is sealed, and the next run asks again."""
    server.says(Answer(body=b"<html>maintenance</html>"), Answer(body=RELEASE))
    with pytest.raises(StoreError, match="expected a release of GED"):
        datasets.fetch_release("24.0.3", tmp_path, lambda _url: site(server), server.url)
    assert list(tmp_path.iterdir()) == []
    assert not datasets.fetch_release("24.0.3", tmp_path, lambda _url: site(server), server.url).was_there


def test_days_the_wrong_way_round_are_not_asked_for(server: Recorded, tmp_path: Path) -> None:
    """No event lies between them, and an empty file would say that there was peace."""
    server.says(Answer(500))
    with pytest.raises(InputError, match="is before"):
        datasets.fetch_events("24.1", "Syria", ("2016-02-01", "2016-01-01"), tmp_path, Site, server.url)
    assert server.asked == []


def test_a_table_of_fires_that_was_cut_is_asked_for_again(server: Recorded, tmp_path: Path) -> None:
    """A row of another length is a broken piece: it is dropped, the pieces before it stay."""
    body = "latitude,longitude,acq_date\n1,2,{}\n"
    whole = lambda path: Answer(body=body.format(path.rpartition("/")[2]).encode())  # noqa: E731  # one line
    server.says(whole, Answer(body=b"latitude,longitude,acq_date\n1,2,2016-03-03\n1,2"))
    with pytest.raises(StoreError, match="row 3 has not the 3 cells"):
        datasets.fetch_fires(FIRES, KEY, tmp_path, lambda _url: site(server), server.url)
    server.says(whole)
    assert datasets.fetch_fires(FIRES, KEY, tmp_path, lambda _url: site(server), server.url).rows == 3
    assert len(server.asked) == 2


FIRES = datasets.fires_of("MODIS_SP", "35,32,43,38", "2016-02-27", "2016-03-10")


def test_fires_come_five_days_at_a_time(server: Recorded, tmp_path: Path) -> None:
    """Twelve days are three questions; the head stands once; the key stands in no name and no message."""
    server.says(lambda path: Answer(body=f"latitude,longitude,acq_date\n1,2,{path.rpartition('/')[2]}\n".encode()))
    told: list[str] = []
    made = datasets.fetch_fires(
        FIRES, KEY, tmp_path, lambda _url: site(server, tell=lambda what, _done, _all: told.append(what)), server.url
    )
    assert made.path.read_text() == "latitude,longitude,acq_date\n1,2,2016-02-27\n1,2,2016-03-03\n1,2,2016-03-08\n"
    assert server.asked[0][0].split("/", 6)[5:] == ["MODIS_SP", "35,32,43,38/5/2016-02-27"]
    assert [path.split("/")[-2] for path, _ in server.asked] == ["5", "5", "2"]
    assert (FIRES.last, made.rows) == (date(2016, 3, 10), 3)
    assert KEY not in str(made.path) + "".join(told)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(body=f"Invalid MAP_KEY. {KEY}".encode()), InputError),
        (Answer(body=b"Exceeding allowed transaction limit."), StoreError),
        (Answer(body=f"<html>{KEY}".encode()), StoreError), (Answer(500), StoreError), (Answer(403), InputError),
        (Answer(302, headers={"Location": f"https://example.org/{KEY}"}), StoreError), (Answer(cut=0), StoreError),
    ],
)  # fmt: skip
def test_a_key_stands_in_no_error(server: Recorded, tmp_path: Path, answer: Answer, kind: type[TrucelineError]) -> None:
    """FIRMS wants it in the path, and servers repeat paths: no message does."""
    server.says(answer)
    with pytest.raises(kind) as error:
        datasets.fetch_fires(FIRES, KEY, tmp_path, lambda _url: site(server), server.url)
    assert KEY not in str(error.value)
    assert error.value.__cause__ is None
    assert not any(KEY in path.name for path in tmp_path.rglob("*"))


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("MODIS", "35,32,43,38", "2016-01-01", "2016-01-02"), "--source"),
        (("MODIS_SP", "35,32,43", "2016-01-01", "2016-01-02"), "--area"),
        (("MODIS_SP", "43,32,35,38", "2016-01-01", "2016-01-02"), "--area"),
        (("MODIS_SP", "nan,32,35,38", "2016-01-01", "2016-01-02"), "--area"),
        (("MODIS_SP", "35,32,43,38", "1/2/2016", "2016-01-02"), "expected a day"),
        (("MODIS_SP", "35,32,43,38", "2016-01-02", "2016-01-02"), "not after"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_not_asked_for(args: tuple[str, str, str, str], message: str) -> None:
    """Swapped corners, an ambiguous date: one line, before anything is sent."""
    with pytest.raises(InputError, match=message):
        datasets.fires_of(*args)
