"""How are the templates of this package opened? Every value is escaped, and a misspelt one is a fault.

Filters that all of them know: `bdi` keeps a date, number or id apart from the text around it, `plain` is its bare text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from truceline.report.language import Words, plain


def environment(
    filters: Mapping[str, Callable[..., Any]] | None = None, values: Mapping[str, Any] | None = None
) -> Environment:
    """The templates, with filters and values of a page's own.

    Args:
        filters: name to function.
        values: what every template of the page may read, by name.
    """
    made = Environment(
        loader=FunctionLoader(text_of), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"bdi": _apart, "plain": plain, **(filters or {})}
    made.globals |= values or {}
    return made


def text_of(name: str) -> str:
    """A template or a style sheet, as it lies in the package."""
    return resources.files("truceline.report").joinpath("templates", name).read_text(encoding="utf-8")


@pass_context
def _apart(context: Context, value: object) -> Markup:
    words: Words = context["words"]
    return words.apart(value)
