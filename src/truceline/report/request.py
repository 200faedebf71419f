"""How is a request for information put in words? One short letter in English, Arabic or Russian.

It asks for a time, an area, an act, who acted, what was hit; never for a person, for where people are, or for a source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from truceline.errors import InputError, quoted

LANGUAGES = ("en", "ar", "ru")

FIELDS: Mapping[str, Mapping[str, str]] = {
    "place": {
        "en": "the area in which it took effect, as finely as you can say it",
        "ar": "المنطقة التي وقع فيها الأثر، بأدق ما يمكنكم ذكره",
        "ru": "район, где это произошло, насколько возможно точно",
    },
    "time": {
        "en": "the day and hour, from and until",
        "ar": "اليوم والساعة، من وإلى",
        "ru": "день и час: с какого и по какое время",
    },
    "act": {"en": "what was done", "ar": "ما الفعل الذي وقع", "ru": "что было сделано"},
    "actor": {
        "en": "which force acted, and towards whom",
        "ar": "أي قوة قامت بالفعل، وتجاه مَن",
        "ru": "какая сторона действовала и против кого",
    },
    "target": {
        "en": "what was hit, and to whom it belonged",
        "ar": "ما الذي أُصيب، ولمن يعود",
        "ru": "что было поражено и кому это принадлежало",
    },
    "altitude": {"en": "the altitude", "ar": "الارتفاع", "ru": "высота полёта"},
    "open word": {
        "en": "a common reading of the word, agreed by the parties",
        "ar": "قراءة مشتركة للكلمة تتفق عليها الأطراف",
        "ru": "общее толкование слова, согласованное сторонами",
    },
    "withheld text": {
        "en": "the text or the map that was not published",
        "ar": "النص أو الخريطة التي لم تُنشر",
        "ru": "неопубликованный текст или карта",
    },
    "disputed designation": {
        "en": "a common designation of the group by the guarantors",
        "ar": "تصنيف مشترك للجماعة من الضامنين",
        "ru": "общее для гарантов отнесение группы",
    },
    "order unknown": {
        "en": "which of the two events came first",
        "ar": "أيُّ الحدثين وقع أولاً",
        "ru": "какое из двух событий произошло раньше",
    },
    "no coverage": {
        "en": "who could have seen it, and who was denied access",
        "ar": "مَن كان بإمكانه أن يراه، ومَن مُنع من الوصول",
        "ru": "кто мог это наблюдать и кому было отказано в доступе",
    },
    "awaiting answer": {
        "en": "the answer of the competent body",
        "ar": "جواب الهيئة المختصة",
        "ru": "ответ компетентного органа",
    },
    "corroboration": {
        "en": "a second, independent report",
        "ar": "بلاغ ثانٍ مستقل",
        "ru": "второе независимое сообщение",
    },
    "kind not yet judged": {
        "en": "nothing: it is not judged yet",
        "ar": "لا شيء: لم يُحكم فيه بعد",
        "ru": "ничего: это пока не оценивается",
    },
}
"""What is asked for, by the reason for which answers are open."""

_SENTENCES: Mapping[str, Mapping[str, str]] = {
    "head": {
        "en": "Request for information under {agreement}",
        "ar": "طلب معلومات بموجب {agreement}",
        "ru": "Запрос сведений по {agreement}",
    },
    "to": {"en": "To: {to}", "ar": "إلى: {to}", "ru": "Кому: {to}"},
    "open": {
        "en": "{open} verdicts cannot be decided. Please say, where you can:",
        "ar": "{open} من الأحكام لا يمكن البت فيها. يُرجى الإفادة حيثما أمكن:",
        "ru": "Не могут быть решены оценки: {open}. Просим сообщить, где это возможно:",
    },
    "field": {
        "en": "{n}. {field}. It settles {alone} verdicts alone and stands in {among} (terms {terms}).",
        "ar": "{n}. {field}. يحسم {alone} حكماً بمفرده ويرد في {among} (البنود {terms}).",
        "ru": "{n}. {field}. Само по себе решает оценок: {alone}; входит в {among} (пункты {terms}).",
    },
    "reports": {"en": "   Reports: {reports}", "ar": "   البلاغات: {reports}", "ru": "   Сообщения: {reports}"},
    "more": {"en": " and {more} more", "ar": " و{more} غيرها", "ru": " и ещё {more}"},
    "of one": {
        "en": "Report {report} ({what}, {when}) cannot be decided. Please say, where you can:",
        "ar": "البلاغ {report} ({what}، {when}) لا يمكن البت فيه. يُرجى الإفادة حيثما أمكن:",
        "ru": "По сообщению {report} ({what}, {when}) решение вынести нельзя. Просим сообщить, где это возможно:",
    },
    "of one field": {
        "en": "{n}. {field} (terms {terms})",
        "ar": "{n}. {field} (البنود {terms})",
        "ru": "{n}. {field} (пункты {terms})",
    },
    "none": {"en": "Nothing is open.", "ar": "لا شيء معلّق.", "ru": "Открытых вопросов нет."},
    "care": {
        "en": "Please send no names of persons, no whereabouts of people, and nothing that shows a source.",
        "ar": "يُرجى عدم إرسال أسماء أشخاص أو أماكن وجود أناس أو ما يدل على مصدر.",
        "ru": "Просим не присылать имён людей, мест их нахождения и ничего, что указывает на источник.",
    },
}


def letter(answer: Mapping[str, Any], lang: str = "en") -> str:
    """The text of a request.

    Args:
        answer: as `ask --json` gives it.
        lang: `en`, `ar` or `ru`.

    Raises:
        InputError: no such language.
    """
    if lang not in LANGUAGES:
        raise InputError(f"expected a language of {', '.join(LANGUAGES)}, got {quoted(lang)}")

    def phrase(key: str, **values: object) -> str:
        return _SENTENCES[key][lang].format(**values)

    lines = [phrase("head", agreement=answer["agreement"])]
    lines += [phrase("to", to=answer["to"])] if answer["to"] else []
    lines += ["", phrase("open", open=answer["open"]) if answer["asked"] else phrase("none")]
    for n, asked in enumerate(answer["asked"], 1):
        lines += _field(n, asked, lang)
    return "\n".join([*lines, "", phrase("care")])


def letter_of_one(
    lang: str, agreement: str, to: str, *, report: str, what: str, when: str, asked: Mapping[str, Sequence[str]]
) -> str:
    """The text of a request about one report.

    Args:
        lang: `en`, `ar` or `ru`.
        agreement: its title in the language.
        to: the name of the party in the language.
        report: its id.
        what: it tells of, in the words of its source.
        when: its days.
        asked: reason for which terms are open to their ids.

    Raises:
        InputError: no such language.
    """
    if lang not in LANGUAGES:
        raise InputError(f"expected a language of {', '.join(LANGUAGES)}, got {quoted(lang)}")
    words = {key: sentence[lang] for key, sentence in _SENTENCES.items()}

    def apart(text: str) -> str:
        """An id, a date, foreign words: in Arabic kept apart by marks, or they change places."""
        return f"\u2066{text}\u2069" if lang == "ar" else text

    lines = [words["head"].format(agreement=agreement), words["to"].format(to=to), ""]
    lines.append(words["of one"].format(report=apart(report), what=apart(what), when=apart(when)))
    for n, (reason, terms) in enumerate(asked.items(), 1):
        named = "\u060c ".join(map(apart, terms)) if lang == "ar" else ", ".join(terms)
        lines.append(words["of one field"].format(n=n, field=FIELDS[reason][lang], terms=named))
    return "\n".join([*lines, "", words["care"]])


def _field(n: int, asked: Mapping[str, Any], lang: str) -> Iterable[str]:
    words = {key: sentence[lang] for key, sentence in _SENTENCES.items()}
    terms = ", ".join(asked["terms"])
    yield words["field"].format(
        n=n, field=FIELDS[asked["reason"]][lang], terms=terms, alone=asked["alone"], among=asked["among"]
    )
    more = words["more"].format(more=asked["more"]) if asked["more"] else ""
    yield words["reports"].format(reports=", ".join(asked["reports"])) + more
