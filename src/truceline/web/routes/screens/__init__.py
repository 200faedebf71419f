"""The screens, each a module with its routes; a new one takes its place here."""

from __future__ import annotations

from fastapi import APIRouter

from truceline.web.routes.screens import (
    agreement,
    case,
    demo,
    desk,
    exchange,
    ledger,
    notify,
    record,
    today,
    whatif,
    words,
)

SCREENS: tuple[APIRouter, ...] = (
    demo.router, today.router, words.router, ledger.router, case.router, agreement.router, record.router,
    whatif.router, desk.router, exchange.router, notify.router,
)  # fmt: skip
