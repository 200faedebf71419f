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
    asked = parser.parse_args(given)
    try:
        migrate(asked.url, asked.role)
    except TrucelineError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print("the tables are there" + (f", and `{asked.role}` may add to them" if asked.role else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main())
