"""Does the format carry a second agreement, written by others? The measures of July 2020, loaded, judged, followed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import case_files
from truceline import desk
from truceline.agreement.history import History, read_act
from truceline.agreement.text import load
from truceline.assess import bulk, spec
from truceline.assess.obligations import Duty, duties
from truceline.atlas import read_atlas
from truceline.cli import main
from truceline.span import parse_instant
from truceline.verdict import Reason, reasons_of

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "agreements" / "minsk-2020"
TEXT = load((FOLDER / "agreement.yaml").read_bytes(), "agreement.yaml")
ATLAS = read_atlas({"areas.geojson": (FOLDER / "areas.geojson").read_bytes()}, (FOLDER / "units.csv").read_bytes())


def cases() -> list[case_files.Case]:
    """The cases of the file, on this agreement."""
    path = case_files.FOLDER / "minsk" / "minsk.yaml"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(case_files, "agreement_of", lambda _key, _texts: TEXT)
        return case_files.cases_of(path)


CASES = cases()
