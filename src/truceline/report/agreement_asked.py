"""How is a question about a designation put in the language of the page? The text of the desk, read and said again.

The questions are a closed set of sentences. One that is not known here is shown as it stands, in English.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from markupsafe import Markup

from truceline.report.language import Words
from truceline.report.sentences import ID, Names, actor, said_again

_IDS: Final = r"(`[^`]+`(?:, `[^`]+`)*)"
_WHEN: Final = r"(?:on (\d{4}-\d\d-\d\d)|at a time that is not stated)"


def question(text: str, words: Words, names: Names) -> Markup | None:
    """A question in the language of the page; None where it is not one of those that are known.

    Args:
        text: as the interface tells it.
        words: of the language.
        names: of the actors.
    """
    return said_again(text, _Asked(words, names).known())


class _Asked:
    """The sentences that are known."""

    def __init__(self, words: Words, names: Names) -> None:
        self._words, self._names = words, names

    def known(self) -> list[tuple[str, Callable[..., Markup]]]:
        """Each question as a pattern, and how it is said."""
        return [
            (rf"only {_IDS} lists {ID} as accepting: is it bound\?", self._alone),
            (rf"{ID} lists (.+); {ID} is then called (.+): is it meant\?", self._renamed),
            (rf"the listing by {_IDS} ended {_WHEN}: that changes a list, not a text that names it", self._ended),
            (rf"{ID} merged into {_IDS} {_WHEN}: does it still act by itself\?", self._merged),
            (rf"{ID} split into {_IDS} {_WHEN}: does it go on beside them\?", self._split),
            (rf"{ID}, ([a-z ]+), (merged|split) into {ID} {_WHEN}: that passes nothing on by itself; does the text\?",
             self._inherited),
            (rf"{ID} is listed both as excluded and as accepting: which counts\?", self._both),
        ]  # fmt: skip

    def _who(self, ids: str) -> Markup:
        found = [self._one(key) for key in re.findall(r"[^`, ]+", ids)]
        return self._words.say(", ").join(found)

    def _one(self, key: str) -> Markup:
        return actor(key, self._words, self._names)

    def _when(self, day: str) -> Markup:
        return self._words.apart(day) if day else self._words.say("at a time that is not stated")

    def _alone(self, by: str, actor: str) -> Markup:
        return self._words.say(
            "Only {by} lists {actor} as accepting: is it bound?", by=self._who(by), actor=self._one(actor)
        )

    def _renamed(self, by: str, listed: str, actor: str, called: str) -> Markup:
        return self._words.say(
            "{by} lists: {listed}. {actor} is then called: {called}. Is it meant?", by=self._one(by), listed=listed,
            actor=self._one(actor), called=called,
        )  # fmt: skip

    def _ended(self, by: str, day: str) -> Markup:
        return self._words.say(
            "The listing by {by} ended: {when}. That changes a list, not a text that names it.", by=self._who(by),
            when=self._when(day),
        )  # fmt: skip

    def _merged(self, actor: str, into: str, day: str) -> Markup:
        return self._words.say(
            "{actor} merged into {into}: {when}. Does it still act by itself?", actor=self._one(actor),
            into=self._who(into), when=self._when(day),
        )  # fmt: skip

    def _split(self, actor: str, into: str, day: str) -> Markup:
        return self._words.say(
            "{actor} split into {into}: {when}. Does it go on beside them?", actor=self._one(actor),
            into=self._who(into), when=self._when(day),
        )  # fmt: skip

    def _inherited(self, of: str, state: str, how: str, actor: str, day: str) -> Markup:
        say, status = self._words.say, self._words.word("status", state.removeprefix("perhaps "))
        had = say("perhaps {status}", status=status) if state.startswith("perhaps ") else status
        values = {"of": self._one(of), "status": had, "actor": self._one(actor), "when": self._when(day)}
        if how == "merged":
            return say(
                "{of} ({status}) merged into {actor}: {when}. That passes nothing on by itself; does the text?",
                **values,
            )
        return say(
            "{of} ({status}) split into {actor}: {when}. That passes nothing on by itself; does the text?", **values
        )

    def _both(self, actor: str) -> Markup:
        return self._words.say(
            "{actor} is listed both as excluded and as accepting: which counts?", actor=self._one(actor)
        )
