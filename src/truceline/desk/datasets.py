"""Which public data sets can be fetched, and what is asked of whom? UCDP GED and FIRMS fires.

UCDP offers a whole release as one ZIP, and parts of it through an API that wants a token in a header. FIRMS answers a
few days at a time and wants its key in the path. Every page and every few days are a file of their own until all are
here, so that what broke off goes on where it was.

Source: UCDP API documentation (ucdp.uu.se/apidocs: 5,000 questions a day, token since February 2026); FIRMS area API
(firms.modaps.eosdis.nasa.gov/api/area: at most 5 days at a time, 5,000 transactions in 10 minutes).
"""

from __future__ import annotations

import csv
import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from truceline.desk.fetching import MOST_BYTES, Asked, Site, seal, settled
from truceline.errors import InputError, StoreError, quoted
from truceline.evidence.ucdp import NEEDED
from truceline.store.disk import make_folder, sync_folder

UCDP_FILES, UCDP_API = "https://ucdp.uu.se", "https://ucdpapi.pcr.uu.se"
FIRMS = "https://firms.modaps.eosdis.nasa.gov"
PAGE_ROWS, MOST_PAGE = 1_000, 64 << 20
FIRMS_DAYS = 5
MOST_RATIO = 200

COUNTRIES = {
    "afghanistan": 700, "armenia": 371, "azerbaijan": 373, "colombia": 100, "dr congo": 490, "ethiopia": 530,
    "georgia": 372, "iran": 630, "iraq": 645, "israel": 666, "jordan": 663, "lebanon": 660, "libya": 620, "mali": 432,
    "myanmar": 775, "nigeria": 475, "pakistan": 770, "russia": 365, "somalia": 520, "south sudan": 626, "sudan": 625,
    "syria": 652, "turkey": 640, "ukraine": 369, "yemen": 678,
}  # fmt: skip
"""Names of countries as UCDP numbers them (Gleditsch and Ward); any other is given by its number."""

SOURCES = (
    "MODIS_SP", "MODIS_NRT", "VIIRS_SNPP_SP", "VIIRS_SNPP_NRT", "VIIRS_NOAA20_SP", "VIIRS_NOAA20_NRT",
    "VIIRS_NOAA21_NRT",
)  # fmt: skip
"""What FIRMS offers: SP = processed months later, NRT = within hours."""

_LONG = re.compile(r"[A-Za-z0-9]{16,}")
"""What could be a part of a key."""

MakeSite = Callable[[str], Site]
"""The site at an address, with whatever has to be sent to it."""


@dataclass(frozen=True)
class Fetched:
    """What lies in the folder now.

    Attributes:
        was_there: it had been fetched before, and is as it was.
        rows: how many rows were received; None = they were not counted.
    """

    path: Path
    sha256: str
    was_there: bool
    rows: int | None = None


class _Page(msgspec.Struct):
    TotalCount: int
    TotalPages: int
    Result: list[dict[str, Any]]


# -- UCDP ------------------------------------------------------------------------------------------------------------


def fetch_release(version: str, folder: Path, site: MakeSite, url: str = UCDP_FILES) -> Fetched:
    """Fetch a whole release of GED as one CSV.

    Args:
        version: such as `24.1`, or `24.0.3` of GED Candidate.
        folder: where it goes; made when it is not there.
        site: the site at an address.
        url: address of the server.

    Raises:
        InputError: no such release. StoreError: no answer, or another answer than a release.
    """
    numbers = _version(version)
    target = folder / f"GEDEvent_v{'_'.join(numbers)}.csv"
    if digest := settled(target):
        return Fetched(target, digest, True)
    make_folder(folder)
    is_candidate = len(numbers) == 3
    packed = folder / f"{target.stem}.{'whole.csv' if is_candidate else 'zip'}"
    name = f"candidateged/{target.name}" if is_candidate else f"ged/ged{''.join(numbers)}-csv.zip"
    site(url).get(Asked(f"/downloads/{name}", name, packed))
    if is_candidate:
        _check_release(packed, packed.name)
        packed.replace(target)
    else:
        _unpack(packed, target)
        packed.unlink()
    return Fetched(target, seal(target), False)


def fetch_events(  # noqa: PLR0917  # what, where to, from where
    version: str, country: str, days: tuple[str, str], folder: Path, site: MakeSite, url: str = UCDP_API
) -> Fetched:
    """Fetch the events of one country from the API as one CSV.

    Args:
        version: such as `24.1`.
        country: a name of `COUNTRIES`, or its number.
        days: first and last day (`2016-01-01`), each may be empty.
        folder: where it goes; made when it is not there.
        site: the site at an address, with the token.
        url: address of the API.

    Raises:
        InputError: no such version or country, or the token is refused. StoreError: no answer that can be used.
    """
    number, dotted = _country(country), ".".join(_version(version))
    first, last = (_day(text).isoformat() if text else "" for text in days)
    if first and last and last < first:
        raise InputError(f"`--until` is before `--from`: {quoted(last)} < {quoted(first)}")
    stem = "-".join(part for part in ("ucdp-ged", dotted, str(number), first, last) if part)
    target = folder / f"{stem}.csv"
    if digest := settled(target):
        return Fetched(target, digest, True)
    room = folder / f"{stem}.pages"
    make_folder(room)
    server, asked = site(url), {"Country": number, "StartDate": first, "EndDate": last}
    total, page = 1, 0
    while page < total:
        path = room / f"{page:05}.json"
        query = urlencode(
            {"pagesize": PAGE_ROWS, "page": page, **{key: value for key, value in asked.items() if value}}
        )
        server.get(Asked(f"/api/gedevents/{dotted}?{query}", f"{stem}, page {page + 1}", path, MOST_PAGE))
        total = _page(path).TotalPages
        page += 1
    rows = _written(target, _events(room, total))
    shutil.rmtree(room)
    return Fetched(target, seal(target), False, rows)


def _events(room: Path, total: int) -> Iterator[Sequence[object]]:
    """The rows of all pages, head first; each page is the one after the one before."""
    head: list[str] = []
    count = wanted = 0
    for number in range(total):
        page = _page(room / f"{number:05}.json")
        wanted = page.TotalCount
        if not head:
            head = _columns(room / f"{number:05}.json", page)
            yield head
        for row in page.Result:
            count += 1
            if further := sorted(row.keys() - set(head)):
                (room / f"{number:05}.json").unlink()
                raise StoreError(f"page {number + 1}: has columns that the rows before lack: {quoted(further[0])}")
            yield [_cell(row.get(name)) for name in head]
    if count != wanted:
        raise StoreError(f"expected {wanted} events on {total} pages, got {count}: delete {room.name} and fetch anew")


def _columns(path: Path, page: _Page) -> list[str]:
    """The columns of a page, of its first event; of no event those that every file of GED has."""
    head = list(page.Result[0]) if page.Result else list(NEEDED)
    if missing := [column for column in NEEDED if column not in head]:
        path.unlink()
        raise StoreError(f"expected events of GED, got some without {', '.join(missing[:4])}")
    return head


def _page(path: Path) -> _Page:
    try:
        page = msgspec.json.decode(path.read_bytes(), type=_Page)
    except (msgspec.DecodeError, RecursionError) as error:
        path.unlink(missing_ok=True)
        raise StoreError(f"expected a page of events, got something else: {quoted(error)}") from None
    if not 0 <= page.TotalPages <= 100_000:
        raise StoreError(f"expected at most 100000 pages, got {page.TotalPages}")
    return page


def _cell(value: object) -> object:
    """A value of JSON as a cell; what is true is 1, as in the files of the releases."""
    return "" if value is None else int(value) if isinstance(value, bool) else value


def _unpack(packed: Path, target: Path) -> None:
    """The one CSV of an archive, a part at a time, never more than it may unpack to."""
    half = target.with_name(target.name + ".half")
    try:
        with zipfile.ZipFile(packed) as archive:
            found = [one for one in archive.infolist() if one.filename.lower().endswith(".csv")]
            if len(found) != 1:
                raise StoreError(f"{packed.name}: expected one CSV, got {len(found)}")
            if found[0].file_size > min(MOST_BYTES, MOST_RATIO * packed.stat().st_size):
                raise StoreError(f"{packed.name}: unpacks to {found[0].file_size} bytes: expected a table, got a bomb")
            with archive.open(found[0]) as source, half.open("wb") as sink:
                shutil.copyfileobj(source, sink, 1 << 20)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        packed.unlink(missing_ok=True)
        raise StoreError(f"{packed.name}: cannot be unpacked: {quoted(error)}") from None
    try:
        _check_release(half, packed.name)
    except StoreError:
        packed.unlink(missing_ok=True)
        raise
    half.replace(target)
    sync_folder(target.parent)


def _check_release(path: Path, name: str) -> None:
    """Refuse, and drop, what has not the columns of GED: a page that says to come back later is no data set."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        line = file.readline(100_000)
    columns = next(csv.reader([line]), [])
    if missing := [column for column in NEEDED if column not in columns]:
        path.unlink()
        raise StoreError(f"{name}: expected a release of GED, missing {', '.join(missing[:4])}: got {quoted(line, 80)}")


def _version(text: str) -> list[str]:
    if not re.fullmatch(r"\d{1,2}\.\d(\.\d{1,2})?", text):
        raise InputError(f"`--version`: expected a release such as `24.1` or `24.0.3`, got {quoted(text)}")
    return text.split(".")


def _country(text: str) -> int:
    if re.fullmatch(r"\d{1,3}", text):
        return int(text)
    found = COUNTRIES.get(text.strip().lower())
    if found is None:
        raise InputError(f"`--country`: expected {', '.join(COUNTRIES)} or UCDP's number, got {quoted(text)}")
    return found


# -- FIRMS -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fires:
    """Which fires are asked for.

    Attributes:
        source: one of `SOURCES`.
        area: west, south, east, north in degrees.
        first: first day (UTC).
        last: the day after the last.
    """

    source: str
    area: tuple[float, float, float, float]
    first: date
    last: date


def fires_of(source: str, area: str, since: str, until: str) -> Fires:
    """Check what is asked for.

    Raises:
        InputError: no such source, area or days.
    """
    if source not in SOURCES:
        raise InputError(f"`--source`: expected one of {', '.join(SOURCES)}, got {quoted(source)}")
    try:
        west, south, east, north = (float(part) for part in area.split(","))
    except ValueError:
        raise InputError("`--area`: expected west,south,east,north in degrees, such as `35,32,43,38`") from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise InputError("`--area`: expected west < east within -180..180 and south < north within -90..90")
    first, last = _day(since), _day(until)
    if last <= first:
        raise InputError(f"`--until` is not after `--from`: {quoted(until)} <= {quoted(since)}")
    if (last - first).days > 366 * 25:
        raise InputError("expected at most 25 years at a time")
    return Fires(source, (west, south, east, north), first, last)


def fetch_fires(fires: Fires, key: str, folder: Path, site: MakeSite, url: str = FIRMS) -> Fetched:
    """Fetch the fires of an area as one CSV.

    Args:
        fires: which.
        key: MAP_KEY of FIRMS; it stands in the path that is asked for, and nowhere else.
        folder: where it goes; made when it is not there.
        site: the site at an address.
        url: address of the server.

    Raises:
        InputError: the key is missing or refused. StoreError: no answer that can be used.
    """
    if not key:
        raise InputError("FIRMS wants a key: `--key-file`, or TRUCELINE_FIRMS_KEY in the environment")
    area = ",".join(f"{value:g}" for value in fires.area)
    stem = f"firms-{fires.source.lower()}-{area.replace(',', '_')}-{fires.first}-{fires.last}"
    target = folder / f"{stem}.csv"
    if digest := settled(target):
        return Fetched(target, digest, True)
    room = folder / f"{stem}.days"
    make_folder(room)
    server, day, parts = site(url), fires.first, []
    while day < fires.last:
        days = min(FIRMS_DAYS, (fires.last - day).days)
        path = room / f"{day}.csv"
        asked = f"/api/area/csv/{quote(key, safe='')}/{fires.source}/{area}/{days}/{day}"
        server.get(Asked(asked, f"{fires.source} {day}, {days} days", path, MOST_PAGE))
        _check_fires(path, key)
        parts.append(path)
        day += timedelta(days=days)
    rows = _written(target, _detections(parts))
    shutil.rmtree(room)
    return Fetched(target, seal(target), False, rows)


def _check_fires(path: Path, key: str) -> None:
    """FIRMS says in words, and with 200, that a key is wrong or a limit is reached; a table may be cut short."""
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        line = file.readline(1_000)
        head = next(csv.reader([line]), [])
        if {"latitude", "longitude", "acq_date"} <= set(head):
            bad = next((n for n, row in enumerate(csv.reader(file), 2) if row and len(row) != len(head)), 0)
            if not bad:
                return
            path.unlink()
            raise StoreError(f"{path.stem}: row {bad} has not the {len(head)} cells of the others: fetch it anew")
    path.unlink()
    said = quoted(_LONG.sub("***", line.replace(key, "***")), 80)
    if "key" in said.lower():
        raise InputError(f"the key was refused: FIRMS says {said}")
    raise StoreError(f"expected a table of fires, got {said}")


def _detections(parts: Sequence[Path]) -> Iterator[Sequence[object]]:
    head: list[str] = []
    for path in parts:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            found = next(reader, [])
            if not head:
                head = found
                yield head
            if found != head:
                raise StoreError(f"{path.name}: has other columns than the days before: fetch them apart")
            yield from reader


# -- both ------------------------------------------------------------------------------------------------------------


def _written(target: Path, rows: Iterator[Sequence[object]]) -> int:
    """Write rows as CSV, whole or not at all; how many stand below the head."""
    half = target.with_name(target.name + ".half")
    count = -1
    try:
        with half.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            for row in rows:
                writer.writerow(row)
                count += 1
        half.replace(target)
        sync_folder(target.parent)
    except OSError as error:
        raise StoreError(f"{target}: cannot be written: {error.strerror}") from None
    return max(count, 0)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"expected a day such as `2016-02-27`, got {quoted(text)}") from None
