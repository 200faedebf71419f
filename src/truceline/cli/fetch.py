"""The commands `fetch ucdp` and `fetch firms`: public data sets to this disk, with resume and a checksum."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from truceline.cli.show import Json, emit, printable, told

if TYPE_CHECKING:
    from truceline.desk.datasets import Fetched
    from truceline.desk.fetching import Site

UCDP_TOKEN, FIRMS_KEY = "TRUCELINE_UCDP_TOKEN", "TRUCELINE_FIRMS_KEY"

fetch_app = typer.Typer(
    help="Fetch public data sets; needs the internet. What broke off goes on where it was.", no_args_is_help=True
)

To = Annotated[Path, typer.Option("--to", help="Folder for the file; made when it is not there.")]
KeyFile = Annotated[Path | None, typer.Option("--key-file", help="File that holds your key; never shown anywhere.")]
Url = Annotated[str, typer.Option("--url", help="Another address of the service, such as a mirror.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.add_typer(fetch_app, name="fetch")


@fetch_app.command("ucdp")
def ucdp(  # noqa: PLR0917  # the signature is the command line
    to: To,
    version: Annotated[str, typer.Option("--version", help="Release, such as 24.1; of Candidate such as 24.0.3.")],
    country: Annotated[
        str, typer.Option("--country", help="Only this country, through the API, which wants a token.")
    ] = "",
    since: Annotated[str, typer.Option("--from", help="With --country: first day.")] = "",
    until: Annotated[str, typer.Option("--until", help="With --country: last day.")] = "",
    key_file: KeyFile = None,
    url: Url = "",
    as_json: Json = False,
) -> None:
    """Fetch UCDP GED: a whole release, or the events of one country.

    Without --country no token is needed. Exit code 3: no such release, or the token is refused; 6: the file here is not
    the one that was fetched; 7: no answer, or the disk refuses.
    """
    from truceline.desk.datasets import UCDP_API, UCDP_FILES, fetch_events, fetch_release
    from truceline.desk.fetching import key_of
    from truceline.errors import InputError

    if not country:
        if since or until:
            raise InputError("`--from` and `--until` need `--country`: a release is fetched whole")
        with told(as_json) as tell:
            _show(fetch_release(version, to, _sites(tell, {}), url or UCDP_FILES), "ucdp", as_json)
        return
    token = key_of(key_file, os.environ.get(UCDP_TOKEN, ""))
    if not token:
        raise InputError(f"the API of UCDP wants a token: `--key-file`, or {UCDP_TOKEN} in the environment")
    with told(as_json) as tell:
        sites = _sites(tell, {"x-ucdp-access-token": token})
        _show(fetch_events(version, country, (since, until), to, sites, url or UCDP_API), "ucdp", as_json)


@fetch_app.command("firms")
def firms(  # noqa: PLR0917  # the signature is the command line
    to: To,
    area: Annotated[str, typer.Option("--area", help="west,south,east,north in degrees.")],
    since: Annotated[str, typer.Option("--from", help="First day, UTC.")],
    until: Annotated[str, typer.Option("--until", help="The day after the last, UTC.")],
    source: Annotated[str, typer.Option("--source", help="MODIS_SP, VIIRS_SNPP_NRT, ...")] = "MODIS_SP",
    key_file: KeyFile = None,
    url: Url = "",
    as_json: Json = False,
) -> None:
    """Fetch fires that satellites saw (NASA FIRMS), five days at a time.

    Exit codes as with `fetch ucdp`.
    """
    from truceline.desk.datasets import FIRMS, fetch_fires, fires_of
    from truceline.desk.fetching import key_of

    key = key_of(key_file, os.environ.get(FIRMS_KEY, ""))
    fires = fires_of(source, area, since, until)
    with told(as_json) as tell:
        _show(fetch_fires(fires, key, to, _sites(tell, None), url or FIRMS), "firms", as_json)


def _sites(tell: Callable[[str, int, int], None], headers: dict[str, str] | None) -> Callable[[str], Site]:
    """How the site at an address is made; None = the key stands in the path."""
    from truceline.desk.fetching import Site

    return lambda url: Site(url, headers, has_secret=headers is None or bool(headers), tell=tell)


def _show(fetched: Fetched, kind: str, as_json: bool) -> None:
    from truceline import LAW, __version__

    licences = {
        "ucdp": "CC BY 4.0, Uppsala Conflict Data Program; cite Sundberg and Melander 2013",
        "firms": "NASA FIRMS: free use; acknowledge LANCE FIRMS, part of NASA's Earth Science Data",
    }
    answer: dict[str, Any] = {
        "truceline": __version__, "file": str(fetched.path), "sha256": fetched.sha256, "kind": kind,
        "bytes": fetched.path.stat().st_size, "rows": fetched.rows, "was_there": fetched.was_there,
        "licence": licences[kind], "law": LAW,
    }  # fmt: skip
    if as_json:
        emit(answer)
        return
    state = "was here already, and is as it was" if fetched.was_there else "fetched"
    rows = "" if fetched.rows is None else f", {fetched.rows:,} rows"
    print(printable(f"{fetched.path}: {state}{rows}, {answer['bytes']:,} bytes"))
    print(f"sha256 {fetched.sha256}")
    print(f"licence: {answer['licence']}")
