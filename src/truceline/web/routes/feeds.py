"""What is new to the public? Findings and publications, newest first, as Atom (RFC 4287) and JSON Feed 1.1.

Only what was made public is in a feed, and every date in it is one of a publication: that something else was said is
seen in no feed. Ids are made of the record's origin and the index of the entry: they never change.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from xml.sax.saxutils import escape, quoteattr

import msgspec
from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from truceline import LAW
from truceline.desk.publications import published_shown
from truceline.desk.service import Service
from truceline.desk.viewers import PUBLIC, Viewer
from truceline.desk.views.kept import Kept, kept_of
from truceline.span import utc_text
from truceline.web.asking import has_already
from truceline.web.parts import Here, gate
from truceline.web.routes.reading import SAME

router = APIRouter(tags=["feeds"])

ATOM, JSON_FEED = "application/atom+xml; charset=utf-8", "application/feed+json; charset=utf-8"
MOST_ITEMS = 100
"""A feed tells what is new; everything that is public is at `/api/v1/published` and `/api/v1/findings`."""

Lang = Annotated[Literal["en", "ar", "ru"], Query(description="The language of titles, and of texts that have one.")]

_WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "feed": "Findings and publications", "publication": "Publication", "breach": "Finding: a breach",
        "no-breach": "Finding: no breach", "undecided": "Finding: not decided", "explained": "Finding: explained",
        "repaired": "Finding: made good", "of": "term", "dissent": "Does not agree", "corrected": "Corrected by entry",
    },
    "ar": {
        "feed": "استنتاجات ومنشورات", "publication": "منشور", "breach": "استنتاج: خرق",
        "no-breach": "استنتاج: لا خرق", "undecided": "استنتاج: لم يُحسم", "explained": "استنتاج: جرى تفسيره",
        "repaired": "استنتاج: جرى جبره", "of": "البند", "dissent": "لا يوافق", "corrected": "صُحّح في القيد",
    },
    "ru": {
        "feed": "Выводы и публикации", "publication": "Публикация", "breach": "Вывод: нарушение",
        "no-breach": "Вывод: нарушения нет", "undecided": "Вывод: не решено", "explained": "Вывод: разъяснено",
        "repaired": "Вывод: исправлено", "of": "условие", "dissent": "Не согласен", "corrected": "Исправлено записью",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Item:
    """One thing that was made public.

    Attributes:
        index: of its entry.
        at: since when it is public; `changed`: since when it reads as it does.
        title, text: in the language of the feed, as far as there is one.
        by: who says it.
        link: where it is read; relative to the service.
    """

    index: int
    at: str
    changed: str
    title: str
    text: str
    by: tuple[str, ...]
    link: str


@router.get(
    "/feeds/findings.atom", response_class=Response,
    responses={
        200: {"description": "Atom", "content": {"application/atom+xml": {"schema": {"type": "string"}}}}, **SAME,
    },
)  # fmt: skip
async def atom(
    viewer: Annotated[Viewer, gate("finding", "read")], service: Here, request: Request, lang: Lang = "en"
) -> Response:
    """What was made public, as Atom."""
    del viewer  # a feed is the same for everybody
    return _reply(request, await run_sync(_atom, service, lang), ATOM)


@router.get(
    "/feeds/findings.json", response_class=Response,
    responses={
        200: {"description": "JSON Feed 1.1", "content": {"application/feed+json": {"schema": {"type": "object"}}}},
        **SAME,
    },
)  # fmt: skip
async def json_feed(
    viewer: Annotated[Viewer, gate("finding", "read")], service: Here, request: Request, lang: Lang = "en"
) -> Response:
    """What was made public, as JSON Feed 1.1."""
    del viewer  # a feed is the same for everybody
    return _reply(request, await run_sync(_json, service, lang), JSON_FEED)


def _reply(request: Request, made: Kept, media_type: str) -> Response:
    headers = {"ETag": made.etag, "Cache-Control": "public, no-cache"}
    if has_already(request, made.etag):
        return Response(status_code=304, headers=headers)
    return Response(made.content, 200, headers, media_type=media_type)


# -- what is told ------------------------------------------------------------------------------------------------------


def items_of(service: Service, lang: str) -> list[Item]:
    """What was made public, newest first."""
    words = _WORDS[lang]
    told = service.snapshots.current().told
    found = [_publication(one, words, lang) for one in published_shown(service.case, PUBLIC)]
    for finding in told.findings:
        public = finding.published
        if public is None:
            continue
        body = finding.body
        term = f", {words['of']} {body['term']}" if body.get("term") else ""
        lines = [body["text"]]
        lines += [f"{words['dissent']}: {one['by']}: {one['text']}" for one in body.get("dissent", ())]
        later = [told.course.public[one] for one in public.corrected_by if one in told.course.public]
        lines += [f"{words['corrected']} {one.entry}." for one in later]
        changed = max([public.since, *(one.since for one in later)])
        found.append(
            Item(
                finding.index, utc_text(public.since), utc_text(changed), f"{words[body['holds']]}{term}",
                "\n\n".join(lines), tuple(dict.fromkeys((body["body"], *finding.by))),
                f"/api/v1/findings/{finding.index}",
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (one.changed, one.index), reverse=True)[:MOST_ITEMS]


def _publication(one: dict[str, Any], words: dict[str, str], lang: str) -> Item:
    texts = one["texts"]
    text = texts.get(lang) or texts.get("en") or next(iter(texts.values()), "") or one["reason"]
    index = one["publication"]
    return Item(
        index, one["at"], one["at"], f"{words['publication']} {index}", text, (one["by"],),
        f"/api/v1/published?after={index - 1}&limit=1",
    )  # fmt: skip


def _begun(service: Service) -> str:
    """When the case began to be public: with its first text."""
    texts = service.snapshots.current().told.texts
    return utc_text(texts[0].at) if texts else utc_text(0)


def _origin(service: Service) -> str:
    return service.case.charter().log.partition("+")[0]


def _id(service: Service, index: int) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{_origin(service)}#{index}')}"


# -- Atom --------------------------------------------------------------------------------------------------------------


def _atom(service: Service, lang: str) -> Kept:
    items, base = items_of(service, lang), service.settings.origin
    title = f"{service.snapshots.current().agreement.title.get(lang, '')} - {_WORDS[lang]['feed']}"
    updated = items[0].changed if items else _begun(service)
    entries = "".join(_atom_entry(service, one, lang) for one in items)
    own = f"{base}/feeds/findings.atom" + (f"?lang={lang}" if lang != "en" else "")
    text = (
        f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{lang}">'
        f"<id>{_id(service, 0)}</id><title>{_xml(title)}</title><subtitle>{_xml(LAW)}</subtitle>"
        f'<updated>{updated}</updated><link rel="self" href={quoteattr(own)}/>'
        f"<author><name>{_xml(service.case.charter().title)}</name></author><rights>{_xml(LAW)}</rights>"
        f"{entries}</feed>\n"
    )
    return kept_of(text.encode())


def _atom_entry(service: Service, one: Item, lang: str) -> str:
    authors = "".join(f"<author><name>{_xml(name)}</name></author>" for name in one.by)
    link = service.settings.origin + one.link
    return (
        f'<entry xml:lang="{lang}"><id>{_id(service, one.index)}</id><title>{_xml(one.title)}</title>'
        f"<published>{one.at}</published><updated>{one.changed}</updated>{authors}"
        f'<link rel="alternate" type="application/json" href={quoteattr(link)}/>'
        f'<content type="text">{_xml(one.text)}\n\n{_xml(LAW)}</content></entry>'
    )


def _xml(text: str) -> str:
    """A text for XML: without what XML cannot hold."""
    return escape("".join(one for one in text if one.isprintable() or one in "\n\t"))


# -- JSON Feed ---------------------------------------------------------------------------------------------------------


def _json(service: Service, lang: str) -> Kept:
    items, base = items_of(service, lang), service.settings.origin
    title = f"{service.snapshots.current().agreement.title.get(lang, '')} - {_WORDS[lang]['feed']}"
    own = {"home_page_url": base, "feed_url": f"{base}/feeds/findings.json"} if base else {}
    value = {
        "version": "https://jsonfeed.org/version/1.1", "title": title, "description": LAW, "language": lang, **own,
        "authors": [{"name": service.case.charter().title}],
        "items": [
            {
                "id": _id(service, one.index), "title": one.title, "content_text": f"{one.text}\n\n{LAW}",
                "date_published": one.at, "date_modified": one.changed, "language": lang,
                "authors": [{"name": name} for name in one.by], **({"url": base + one.link} if base else {}),
            }
            for one in items
        ],
        "_truceline": {"law": LAW},
    }  # fmt: skip
    return kept_of(msgspec.json.encode(value))
