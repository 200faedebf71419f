"""What the command line answers as JSON, held against its schema."""

from __future__ import annotations

import json
from typing import Any

from jsonschema import Draft202012Validator

from tests.conftest import ROOT

SCHEMAS = ROOT / "docs" / "reference" / "json"


def valid(schema: str, text: str) -> dict[str, Any]:
    """An answer as it was printed, held against its schema."""
    made: dict[str, Any] = json.loads(text)
    Draft202012Validator(json.loads((SCHEMAS / f"{schema}.schema.json").read_text(encoding="utf-8"))).validate(made)
    return made
