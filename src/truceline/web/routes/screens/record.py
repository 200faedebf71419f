"""The screens of the record: its head, who has seen it, its entries, receipts, and how to check all of it oneself."""

from __future__ import annotations

import contextlib
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query
from starlette.responses import HTMLResponse, Response

from truceline.errors import AccessError, UnknownError
from truceline.group import may_do
from truceline.report import recordview
from truceline.report.closed import CLOSED
from truceline.web.routes import record, statements
from truceline.web.showing import Showing, look

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

PAGE = 50
SCRIPT = "verify.js"

Reads = Annotated[Showing, look("record", "read")]
ReadsEntries = Annotated[Showing, look("entry", "read")]
Submits = Annotated[Showing, look("statement", "submit")]
After = Annotated[int, Query(ge=-1, le=2**53, description="Only what comes after this index of the record.")]
Type = Annotated[str, Query(max_length=32, description="Only entries of this type.")]
By = Annotated[str, Query(max_length=64, description="Only entries of this submitter.")]
Old = Annotated[int | None, Query(ge=0, le=2**53, description="Size of an earlier tree that you know.")]


@router.get("/record")
async def record_page(show: ReadsEntries, after: After = -1, type: Type = "", by: By = "") -> Response:  # noqa: A002
    """The head of the record, who has seen it, and its entries as far as whoever looks may read them."""
    told = show.told(await run_sync(record.record, show.viewer, show.service))
    listed = show.told(await run_sync(record.entries, show.viewer, show.service, after, PAGE, type, by))
    head = recordview.head_of(told["checkpoint"], told["log"])
    witnesses, quorum = recordview.policy_of(told["policy"])
    values = {
        "told": told, "head": head, "times": recordview.times(head.seen), "witnesses": witnesses, "quorum": quorum,
        "items": recordview.rows(show.words, listed["items"]), "next": listed["next"], "after": after, "type": type,
        "by": by, "entry_types": list(CLOSED["entry type"]), "may_mirror": may_do(show.viewer.role, "entry", "mirror"),
        "may_submit": may_do(show.viewer.role, "statement", "submit"),
    }  # fmt: skip
    return await show.page(
        "record", show.say("Record"), values, scripts=(SCRIPT,), has_known_at=False,
        downloads=[(show.say("Checkpoint"), "/checkpoint")],
    )  # fmt: skip


@router.get("/record/entry/{index}")
async def entry_page(
    show: ReadsEntries, index: Annotated[int, Path(ge=0, le=2**53, description="Index of the entry.")]
) -> Response:
    """One entry: who said it, what, and how it is proved."""
    told = show.told(await run_sync(record.entry, show.viewer, show.service, index))
    head = show.told(await run_sync(record.record, show.viewer, show.service))
    body, is_cut = recordview.body_text(told["body"])
    kind = show.words.word("entry type", told["type"])
    values = {"one": told, "body": body, "is_cut": is_cut, "log": head["log"], "type": kind}
    base = f"/api/v1/record/entries/{index}"
    downloads = [(show.say("Bytes"), f"{base}/bytes"), (show.say("Proof"), f"{base}/proof")]
    title = show.say("Entry {n}", n=f"#{index}")
    return await show.page("entry", title, values, scripts=(SCRIPT,), downloads=downloads, has_known_at=False)


@router.get("/record/verify")
async def verify_page(show: Reads, old: Old = None) -> Response:
    """Check something oneself: in the browser, or with a program that one trusts."""
    told = show.told(await run_sync(record.record, show.viewer, show.service))
    proof = None
    if old is not None:
        with contextlib.suppress(UnknownError):  # a tree that is larger than the record: the page says so
            proof = show.told(await run_sync(record.consistency, show.viewer, show.service, old, None))
    values = {"told": told, "proof": proof, "old": old}
    return await show.page("verify", show.say("Check it yourself"), values, scripts=(SCRIPT,), has_known_at=False)


@router.get("/record/receipt")
async def receipt_page(
    show: Submits,
    leaf: Annotated[str, Query(pattern="^([0-9a-f]{64})?$", description="Leaf hash of what was handed in.")] = "",
) -> Response:
    """The receipt of what one's own side handed in, once more."""
    receipt, is_missing = None, False
    if leaf:
        try:
            receipt = show.told(await run_sync(statements.receipt, show.viewer, show.service, leaf))
        except AccessError:  # not there, or not theirs: the page says the same of both
            is_missing = True
    values = {"leaf": leaf, "receipt": receipt, "is_missing": is_missing}
    return await show.page("receipt", show.say("Receipts"), values, scripts=(SCRIPT,), has_known_at=False)
