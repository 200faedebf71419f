"""Make the tables of a record: `python -m truceline.store.server postgresql://owner@host/database --role truceline`."""

from __future__ import annotations

import argparse
import sys

from truceline.errors import TrucelineError
from truceline.store.server.link import migrate


def main(given: list[str] | None = None) -> int:
    """Make or update the tables; say it in one line."""
    parser = argparse.ArgumentParser(prog="python -m truceline.store.server", description=__doc__)
    parser.add_argument("url", help="of the database, as its owner")
    parser.add_argument("--role", default="", help="the role that the program runs as")
    parser.add_argument("--gis", default="", help="a role for people with a GIS: it sees what was published")
    parser.add_argument("--gis-secretariat", default="", help="a role for people with a GIS, of the secretariat")
    asked = parser.parse_args(given)
    try:
        told = migrate(asked.url, asked.role, gis_role=asked.gis, gis_secretariat=asked.gis_secretariat)
    except TrucelineError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print("the tables are there" + (f", and `{asked.role}` may add to them" if asked.role else ""))
    for line in told:
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
