# ruff: noqa: E501  # the forms are a table in three languages: one question a line
"""What do the forms of the field ask? Seven forms in English, Arabic and Russian, as data: written once, here.

`desk.forms` writes them as XLSForms, `evidence.forms` reads what comes back by the same names. Every quantity is asked
as an interval: from when to when, from how far to how far, at least and at most so many. No form asks for the name of a
victim, a witness or a reporter; who could have seen is a post, a patrol or a sensor.

Source: XLSForm (xlsform.org), ODK XForms 1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from truceline.acts import COMMON

VERSION = "1"
"""Version of the forms; a submission carries it, and it changes whenever a question does."""

MARK = "truceline_form"
"""The hidden question whose answer is the name of the form: servers replace the form's own id."""

MOST_RANGE_M = 100_000
MOST_COUNT = 1_000_000


class Words(NamedTuple):
    """One text in the three languages."""

    en: str
    ar: str
    ru: str


LANGUAGES: Mapping[str, str] = MappingProxyType({
    "en": "English (en)", "ar": "العربية (ar)", "ru": "Русский (ru)",
})  # fmt: skip
"""Code of a language to its name in the columns of an XLSForm."""


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes:
        name: of the answer in a submission.
        kind: type of the XLSForm: `dateTime`, `geopoint`, `integer`, `decimal`, `text`, `select_one LIST`.
        label: what is asked.
        hint: how to answer; None = nothing to add.
        needed: whether a submission without an answer is refused by the form.
        constraint: XPath that the answer must meet; empty = none.
        message: told when it does not.
        relevant: XPath on which the question is asked; empty = always.
    """

    name: str
    kind: str
    label: Words
    hint: Words | None = None
    needed: bool = False
    constraint: str = ""
    message: Words | None = None
    relevant: str = ""

    @property
    def choices(self) -> str:
        """Name of the list of choices; empty for other kinds."""
        return self.kind.removeprefix("select_one ") if self.kind.startswith("select_one ") else ""


@dataclass(frozen=True)
class Form:
    """One form: its name, its title and its questions in order."""

    name: str
    title: Words
    questions: tuple[Question, ...]

    @property
    def id(self) -> str:
        """Id of the XLSForm: `truceline-incident`."""
        return f"truceline-{self.name}"


# -- questions that several forms share ------------------------------------------------------------------------------

_NO_NAMES = Words(
    "A code or an office. Never the name of a person.",
    "رمز أو مكتب. لا تكتب اسم أي شخص.",
    "Код или учреждение. Никогда не имя человека.",
)
_SECRET = Words(
    "For the secretariat only. It is never published.",
    "للأمانة فقط. لا يُنشر أبدًا.",
    "Только для секретариата. Не публикуется.",
)
_ORDER = Words(
    "The end must come after the beginning.", "يجب أن تأتي النهاية بعد البداية.", "Конец должен быть позже начала."
)
_METRES = Words("Whole metres, 0 to 100 000.", "أمتار صحيحة من 0 إلى 100000.", "Целые метры, от 0 до 100 000.")
_FARTHER = Words(
    "Farther than the nearest distance, at most 100 000 m.",
    "أبعد من أقرب مسافة، ولا تزيد عن 100000 متر.",
    "Дальше ближнего расстояния, не более 100 000 м.",
)
_DEGREES = Words("0 to 360 degrees.", "من 0 إلى 360 درجة.", "От 0 до 360 градусов.")
_TRUE_NORTH = Words(
    "Clockwise from true north: 0 north, 90 east. 0 to 360 is all round.",
    "باتجاه عقارب الساعة من الشمال الحقيقي: 0 شمال، 90 شرق. من 0 إلى 360 يعني كل الاتجاهات.",
    "По часовой стрелке от истинного севера: 0 север, 90 восток. От 0 до 360: кругом.",
)
_OPEN = Words("Leave empty if nobody knows.", "اتركه فارغًا إن لم يكن معروفًا.", "Оставьте пустым, если неизвестно.")
_NUMBER = Words("A whole number, 0 or more.", "عدد صحيح، 0 أو أكثر.", "Целое число, 0 или больше.")
_AT_LEAST_LOW = Words("Not below the smaller number.", "لا يقل عن العدد الأصغر.", "Не меньше наименьшего числа.")
_SIDE = Words(
    "A side or a group, as it was named. Never the name of a person. Leave empty if nobody knows.",
    "طرف أو جماعة كما ورد الاسم. لا تكتب اسم أي شخص. اتركه فارغًا إن لم يكن معروفًا.",
    "Сторона или группа, как её назвали. Никогда не имя человека. Оставьте пустым, если неизвестно.",
)

SINCE = Question(
    "since", "dateTime",
    Words("From when? The earliest it can have been.", "منذ متى؟ أبكر وقت ممكن.", "С какого времени? Самое раннее."),
    needed=True,
)  # fmt: skip
UNTIL = Question(
    "until", "dateTime",
    Words("Until when? The latest it can have been.", "حتى متى؟ آخر وقت ممكن.", "До какого времени? Самое позднее."),
    needed=True, constraint=". > ${since}", message=_ORDER,
)  # fmt: skip
POST = Question(
    "post", "text",
    Words("Which post, patrol or sensor?", "أي نقطة أو دورية أو جهاز استشعار؟", "Какой пост, патруль или датчик?"),
    _NO_NAMES, needed=True,
)  # fmt: skip
POSITION = Question(
    "position", "geopoint",
    Words("Where is the observer?", "أين المراقب؟", "Где находится наблюдатель?"), _SECRET, needed=True,
)  # fmt: skip
SENSOR = Question(
    "sensor", "select_one sensors",
    Words("How was it observed?", "كيف تمت المراقبة؟", "Чем велось наблюдение?"), needed=True,
)  # fmt: skip
JAMMED = Question(
    "jammed", "select_one yes_no",
    Words("Was the sensor jammed?", "هل تعرّض جهاز الاستشعار للتشويش؟", "Подавлялся ли датчик помехами?"),
    needed=True,
)  # fmt: skip
PLACE = Question(
    "place", "geopoint", Words("Where?", "أين؟", "Где?"),
    Words("A point on the map.", "نقطة على الخريطة.", "Точка на карте."), needed=True,
)  # fmt: skip
WITHIN = Question(
    "within_m", "integer",
    Words("Within how many metres of that point?", "ضمن كم مترًا من تلك النقطة؟", "В скольких метрах от этой точки?"),
    needed=True, constraint=f". >= 0 and . <= {MOST_RANGE_M}", message=_METRES,
)  # fmt: skip
ACT = Question("act", "select_one acts", Words("What was done?", "ماذا حدث؟", "Что было сделано?"), needed=True)
ACTOR = Question("actor", "text", Words("By whom?", "من قبل من؟", "Кем?"), _SIDE)
COUNTS = (
    Question(
        "count_low", "integer", Words("At least how many?", "كم على الأقل؟", "Не менее скольких?"), _OPEN,
        constraint=f". >= 0 and . <= {MOST_COUNT}", message=_NUMBER,
    ),
    Question(
        "count_high", "integer", Words("At most how many?", "كم على الأكثر؟", "Не более скольких?"), _OPEN,
        constraint=f"(not(${{count_low}} > 0) or . >= ${{count_low}}) and . <= {MOST_COUNT}", message=_AT_LEAST_LOW,
    ),
    Question(
        "count_words", "text", Words("Or in words", "أو بالكلمات", "Или словами"),
        Words("As it was said: more than 350.", "كما قيل: أكثر من 350.", "Как сказано: более 350."),
    ),
    Question(
        "count_unit", "text", Words("Of what?", "من ماذا؟", "Чего?"),
        Words("Shots, shells, vehicles.", "طلقات، قذائف، مركبات.", "Выстрелов, снарядов, машин."),
    ),
)  # fmt: skip
NOTIFIED_BY = Question(
    "notified_by", "text", Words("Which side notifies?", "أي طرف يُبلّغ؟", "Какая сторона уведомляет?"), _NO_NAMES,
    needed=True,
)  # fmt: skip
CONTACT = Question(
    "contact", "text",
    Words("How is the office reached?", "كيف يمكن الاتصال بالمكتب؟", "Как связаться с учреждением?"),
    Words(
        "A function and a number, no name. It stays with the secretariat and enters no table.",
        "وظيفة ورقم بلا اسم. يبقى لدى الأمانة ولا يدخل أي جدول.",
        "Должность и номер, без имени. Остаётся у секретариата и не попадает в таблицы.",
    ),
)  # fmt: skip


def _far(name: str, label: Words, *, beyond: str = "") -> Question:
    """A distance in metres, farther than another one if that is named."""
    least = f". > ${{{beyond}}}" if beyond else ". >= 0"
    message = _FARTHER if beyond else _METRES
    return Question(name, "integer", label, needed=True, constraint=f"{least} and . <= {MOST_RANGE_M}", message=message)


def _bearing(name: str, label: Words, *, beside: str = "") -> Question:
    """A bearing in degrees, clockwise from true north."""
    unlike = f" and . != ${{{beside}}}" if beside else ""
    return Question(
        name, "decimal", label, _TRUE_NORTH, needed=True, constraint=f". >= 0 and . <= 360{unlike}", message=_DEGREES
    )


_NAMED, _POINTED = "${place_how} = 'name'", "${place_how} = 'point'"

# -- the forms -------------------------------------------------------------------------------------------------------

FORMS: Mapping[str, Form] = MappingProxyType({form.name: form for form in (
    Form("incident", Words("Incident", "حادث", "Инцидент"), (
        SINCE, UNTIL, ACT,
        Question("place_how", "select_one place_how", Words("How is the place known?", "كيف يُعرف المكان؟", "Как известно место?"), needed=True),
        Question("place", "geopoint", PLACE.label, PLACE.hint, needed=True, relevant=_POINTED),
        Question("within_m", "integer", WITHIN.label, needed=True, constraint=WITHIN.constraint, message=_METRES, relevant=_POINTED),
        Question("place_name", "text", Words("Name of the place", "اسم المكان", "Название места"), needed=True, relevant=_NAMED),
        Question("place_precision", "select_one place_precision", Words("What is it?", "ما هو؟", "Что это?"), needed=True, relevant=_NAMED),
        Question("place_unit", "text", Words("In which governorate?", "في أي محافظة؟", "В какой провинции?"), relevant=_NAMED),
        ACTOR,
        Question("target", "select_one targets", Words("What was hit?", "ما الذي أُصيب؟", "Что было целью?"), needed=True),
        Question("target_text", "text", Words("Which side or group was hit?", "أي طرف أو جماعة أُصيبت؟", "Какая сторона или группа пострадала?"), _SIDE, relevant="${target} = 'other'"),
        Question("weapon", "text", Words("With what weapon?", "بأي سلاح؟", "Каким оружием?"), _OPEN),
        *COUNTS,
        Question("killed_low", "integer", Words("Killed, at least", "القتلى، على الأقل", "Убиты, не менее"), _OPEN, constraint=f". >= 0 and . <= {MOST_COUNT}", message=_NUMBER),
        Question("killed_high", "integer", Words("Killed, at most", "القتلى، على الأكثر", "Убиты, не более"), _OPEN, constraint=f"(not(${{killed_low}} > 0) or . >= ${{killed_low}}) and . <= {MOST_COUNT}", message=_AT_LEAST_LOW),
        Question("said_by", "text", Words("Which institution says so?", "أي مؤسسة تقول ذلك؟", "Какое учреждение сообщает?"), _NO_NAMES, needed=True),
    )),
    Form("observation", Words("Observation: range and bearing", "رصد: المسافة والاتجاه", "Наблюдение: дальность и пеленг"), (
        POST, POSITION, SINCE, UNTIL, SENSOR, JAMMED, ACT,
        Question("seen", "select_one ends", Words("Where it came down, or where it was fired?", "مكان السقوط أم مكان الإطلاق؟", "Где упало или откуда стреляли?"), needed=True),
        _far("near_m", Words("Nearest it can have been, metres", "أقرب مسافة ممكنة بالأمتار", "Самое близкое, метры")),
        _far("far_m", Words("Farthest it can have been, metres", "أبعد مسافة ممكنة بالأمتار", "Самое далёкое, метры"), beyond="near_m"),
        _bearing("from_deg", Words("First bearing, degrees", "الاتجاه الأول بالدرجات", "Первый пеленг, градусы")),
        _bearing("to_deg", Words("Last bearing, clockwise from the first", "الاتجاه الأخير باتجاه عقارب الساعة", "Последний пеленг, по часовой стрелке"), beside="from_deg"),
        ACTOR, *COUNTS,
    )),
    Form("negative", Words("We looked, and there was nothing", "راقبنا ولم يحدث شيء", "Мы наблюдали, и ничего не было"), (
        POST, POSITION, SINCE, UNTIL, SENSOR, JAMMED,
        _far("reach_m", Words("How far would you surely have noticed it, metres?", "إلى أي مسافة كنتم ستلاحظون ذلك حتمًا، بالأمتار؟", "На каком расстоянии вы бы точно заметили, метры?")),
    )),
    Form("denied", Words("We could not look", "لم نتمكن من المراقبة", "Наблюдать было невозможно"), (
        POST, PLACE, WITHIN, SINCE, UNTIL,
        Question("impediment", "select_one impediments", Words("Why not?", "لماذا؟", "Почему?"), needed=True),
        Question("denied_by", "text", Words("Who denied it?", "من منع ذلك؟", "Кто не допустил?"), _SIDE),
    )),
    Form("site", Words("Notified site", "موقع مُبلّغ عنه", "Заявленный объект"), (
        NOTIFIED_BY, Question("site_kind", "select_one sites", Words("What is it?", "ما هو؟", "Что это?"), needed=True),
        Question("place", "geopoint", PLACE.label, _SECRET, needed=True), WITHIN, SINCE, UNTIL, CONTACT,
    )),
    Form("movement", Words("Notified movement", "تحرك مُبلّغ عنه", "Заявленное перемещение"), (
        NOTIFIED_BY, Question("movement_kind", "select_one movements", Words("What moves?", "ما الذي يتحرك؟", "Что перемещается?"), needed=True),
        Question("place", "geopoint", Words("From where?", "من أين؟", "Откуда?"), _SECRET, needed=True),
        Question("to_place", "geopoint", Words("To where?", "إلى أين؟", "Куда?"), _SECRET, needed=True),
        Question("within_m", "integer", Words("How far can the way lead from the straight line, metres?", "كم يمكن أن يبتعد الطريق عن الخط المستقيم بالأمتار؟", "Насколько путь может отклоняться от прямой, метры?"), needed=True, constraint=WITHIN.constraint, message=_METRES),
        SINCE, UNTIL, *COUNTS[:2], CONTACT,
    )),
    Form("flight", Words("Notified flight", "رحلة جوية مُبلّغ عنها", "Заявленный полёт"), (
        NOTIFIED_BY, Question("flight_kind", "select_one flights", Words("What flight?", "ما نوع الرحلة؟", "Какой полёт?"), needed=True),
        Question("callsign", "text", Words("Callsign", "نداء الطائرة", "Позывной"), needed=True),
        Question("place", "geopoint", Words("From where?", "من أين؟", "Откуда?"), _SECRET, needed=True),
        Question("to_place", "geopoint", Words("To where?", "إلى أين؟", "Куда?"), _SECRET, needed=True),
        Question("within_m", "integer", Words("How far can the way lead from the straight line, metres?", "كم يمكن أن يبتعد المسار عن الخط المستقيم بالأمتار؟", "Насколько путь может отклоняться от прямой, метры?"), needed=True, constraint=WITHIN.constraint, message=_METRES),
        SINCE, UNTIL,
        Question("low_m", "integer", Words("Lowest altitude, metres above sea level", "أدنى ارتفاع بالأمتار فوق سطح البحر", "Наименьшая высота, метры над уровнем моря"), needed=True, constraint=". >= -500 and . <= 30000", message=Words("-500 to 30 000 metres.", "من -500 إلى 30000 متر.", "От -500 до 30 000 метров.")),
        Question("high_m", "integer", Words("Highest altitude, metres above sea level", "أعلى ارتفاع بالأمتار فوق سطح البحر", "Наибольшая высота, метры над уровнем моря"), needed=True, constraint=". >= ${low_m} and . <= 30000", message=_AT_LEAST_LOW),
        CONTACT,
    )),
)})  # fmt: skip

# -- choices ---------------------------------------------------------------------------------------------------------

ACT_WORDS: Mapping[str, Words] = MappingProxyType({
    "attack": Words("attack of any kind", "هجوم من أي نوع", "нападение любого рода"),
    "small-arms": Words("small arms", "أسلحة خفيفة", "стрелковое оружие"),
    "rocket": Words("rocket", "صاروخ", "ракета"),
    "mortar": Words("mortar", "هاون", "миномёт"),
    "atgm": Words("anti-tank missile", "صاروخ مضاد للدروع", "противотанковая ракета"),
    "artillery": Words("artillery", "مدفعية", "артиллерия"),
    "shelling": Words("shelling", "قصف", "обстрел"),
    "air-strike": Words("air strike", "غارة جوية", "авиаудар"),
    "barrel-bomb": Words("barrel bomb", "برميل متفجر", "бочковая бомба"),
    "toxic": Words("toxic substance", "مادة سامة", "отравляющее вещество"),
    "arson": Words("arson", "إحراق متعمد", "поджог"),
    "ground-attack": Words("ground attack", "هجوم بري", "наземная атака"),
    "shoot-down": Words("aircraft shot down", "إسقاط طائرة", "сбит летательный аппарат"),
    "gain": Words("gain of territory", "كسب أراضٍ", "захват территории"),
    "advance": Words("advance", "تقدم", "продвижение"),
    "capture": Words("capture of a place", "الاستيلاء على مكان", "взятие населённого пункта"),
    "fly": Words("flight", "تحليق", "полёт"),
    "combat-flight": Words("combat flight", "طلعة قتالية", "боевой вылет"),
    "transport-flight": Words("transport flight", "رحلة نقل", "транспортный рейс"),
    "medevac": Words("medical evacuation", "إخلاء طبي", "медицинская эвакуация"),
    "humanitarian-flight": Words("humanitarian flight", "رحلة إنسانية", "гуманитарный рейс"),
    "observation-flight": Words("observation flight", "رحلة مراقبة", "наблюдательный полёт"),
    "presence": Words("presence", "تواجد", "присутствие"),
    "heavy-weapon": Words("heavy weapon", "سلاح ثقيل", "тяжёлое оружие"),
    "vehicle": Words("military vehicle", "مركبة عسكرية", "военная машина"),
    "armed-person": Words("armed persons", "مسلحون", "вооружённые люди"),
    "hinder": Words("hindering aid, monitors or movement", "إعاقة المساعدات أو المراقبين أو التنقل", "препятствование помощи, наблюдателям или передвижению"),
    "inspect": Words("inspection of a convoy", "تفتيش قافلة", "досмотр колонны"),
    "unseal": Words("seal broken", "كسر الختم", "вскрытие пломбы"),
    "obstruct": Words("way blocked", "سد الطريق", "блокирование пути"),
    "deny-access": Words("access denied", "منع الوصول", "отказ в доступе"),
    "supply": Words("supply of weapons or fighters", "إمداد بالأسلحة أو المقاتلين", "поставка оружия или бойцов"),
    "recruit": Words("recruitment", "تجنيد", "вербовка"),
    "detain": Words("detention", "احتجاز", "задержание"),
    "release": Words("release of detainees", "إطلاق سراح محتجزين", "освобождение задержанных"),
    "inform": Words("information given", "إبلاغ", "информирование"),
    "withdraw": Words("withdrawal", "انسحاب", "отвод"),
    "deliver": Words("delivery of aid", "إيصال مساعدات", "доставка помощи"),
    "movement": Words("movement of forces", "تحرك قوات", "передвижение сил"),
    "accident": Words("accident", "حادث عرضي", "несчастный случай"),
})  # fmt: skip
"""Words for the acts of the common tree that somebody in the field can see."""

_YES_NO = {"yes": Words("yes", "نعم", "да"), "no": Words("no", "لا", "нет")}
_OTHER = Words("other", "غير ذلك", "другое")
_MISSIONS = ("medevac", "humanitarian-flight", "observation-flight", "transport-flight", "combat-flight")


def _acts() -> dict[str, Words]:
    """The acts of the common tree, classes before their kinds, each once."""
    order = dict.fromkeys(act for name, kinds in COMMON.items() for act in (name, *kinds))
    return {act: ACT_WORDS[act] for act in order if act in ACT_WORDS}


CHOICES: Mapping[str, Mapping[str, Words]] = MappingProxyType({
    "acts": _acts(),
    "yes_no": _YES_NO,
    "sensors": {
        "eye": Words("eye", "بالعين", "глазами"), "ear": Words("ear", "بالأذن", "на слух"),
        "camera": Words("camera", "كاميرا", "камера"), "drone": Words("drone", "طائرة مسيّرة", "беспилотник"),
        "radar": Words("radar", "رادار", "радар"), "acoustic": Words("acoustic sensor", "مستشعر صوتي", "акустический датчик"),
    },
    "ends": {
        "impact": Words("where it came down", "مكان السقوط", "место падения"),
        "origin": Words("where it was fired", "مكان الإطلاق", "место выстрела"),
    },
    "impediments": {
        "access-denied": Words("access denied", "منع الوصول", "отказ в доступе"),
        "jamming": Words("jamming", "تشويش", "помехи"),
        "weather": Words("weather", "الطقس", "погода"),
        "danger": Words("danger: fire, mines", "خطر: نيران أو ألغام", "опасность: огонь, мины"),
        "failure": Words("equipment failed", "عطل في المعدات", "отказ техники"),
        "other": _OTHER,
    },
    "place_how": {
        "point": Words("a point on the map", "نقطة على الخريطة", "точка на карте"),
        "name": Words("a name", "اسم", "название"),
    },
    "place_precision": {
        "site": Words("site", "موقع", "объект"), "village": Words("village", "قرية", "деревня"),
        "town": Words("town", "بلدة", "посёлок"), "city": Words("city", "مدينة", "город"),
        "district": Words("district", "منطقة", "район"), "governorate": Words("governorate", "محافظة", "провинция"),
        "country": Words("country", "بلد", "страна"),
    },
    "targets": {
        "civilians": Words("civilians", "مدنيون", "гражданские"), "medical": Words("hospital, ambulance", "مستشفى أو إسعاف", "больница, скорая помощь"),
        "school": Words("school", "مدرسة", "школа"), "aid": Words("aid", "مساعدات", "помощь"),
        "settlement": Words("homes, a quarter", "منازل أو حي", "жильё, квартал"),
        "other": Words("a side or a group", "طرف أو جماعة", "сторона или группа"),
        "unknown": Words("not known", "غير معروف", "неизвестно"),
    },
    "sites": {
        "medical": Words("hospital, clinic", "مستشفى أو عيادة", "больница, клиника"), "school": Words("school", "مدرسة", "школа"),
        "shelter": Words("shelter, camp", "مأوى أو مخيم", "убежище, лагерь"), "water": Words("water, power", "مياه أو كهرباء", "вода, электричество"),
        "aid": Words("aid store, office", "مستودع أو مكتب مساعدات", "склад или офис помощи"), "other": _OTHER,
    },
    "movements": {
        "aid": Words("aid convoy", "قافلة مساعدات", "гуманитарная колонна"), "medical": Words("ambulance, patients", "إسعاف أو مرضى", "скорая помощь, больные"),
        "civilians": Words("civilians", "مدنيون", "гражданские"), "monitors": Words("monitors", "مراقبون", "наблюдатели"),
        "forces": Words("forces", "قوات", "войска"), "weapons": Words("weapons", "أسلحة", "оружие"), "other": _OTHER,
    },
    "flights": {mission: ACT_WORDS[mission] for mission in _MISSIONS},
})  # fmt: skip
"""Lists of choices: name of the list to the answers, in order."""
