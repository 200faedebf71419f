"""Which words may stand in the text of an agreement? The closed vocabulary, part by part.

A word that is not here is a fault with its line: a misspelt `untill` must never silently make a ban endless.
"""

from __future__ import annotations

TOP = frozenset(
    "truceline id title tz text_status sources instruments actors facts zones acts words terms evidence amend areas "
    "precision readings".split()
)
INSTRUMENT = frozenset("title from until adopted source".split())
ACTOR = frozenset("kind side part_of members decides names".split())
FACT = frozenset("name as status of by is from until source tag accepted excluded sole actors line".split())
ZONE = frozenset("geo line side within_m union polygon alt_m text from until names".split())
WORD = frozenset("readings adopted baseline counting coverage text".split())
TERM = frozenset(
    "id kind who to does do in from until while on by within ahead if unless except overrides together persists effort "
    "else ask source effect is after before text tag instrument burden words modality note".split()
)
EVIDENCE = frozenset("supported else".split())
AMEND = frozenset("by backwards never_backwards".split())
PRECISION = frozenset("places sources hours hour_slack_s".split())
READINGS = frozenset("umbrella designation".split())
SELECTOR = frozenset("of is".split())

CONDITION = frozenset(
    # time
    "at before after within from until for then lapse_on_silence elapsed or_elapsed by "
    # the record
    "done accepted status finding findings fulfilled notice request published opened answered breach agree ask to "
    "ahead matches term "
    # the evidence
    "count rate ratio none consecutive coverage earlier followed act actor target near_m in that days calendar "
    "reset_by day_findings deaths_vs_baseline at_least at_most per counting baseline do m of clear checkpoint "
    "count_max complies "
    # words and worlds
    "readings both all any not k while simultaneous".split()
)
"""Words of the condition algebra. This version judges those of `agreement.history`; the others give 0."""

SIDES = ("north", "south", "east", "west")
READING_CHOICES = {"umbrella": ("side", "strict"), "designation": ("identity", "name")}
