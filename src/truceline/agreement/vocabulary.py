"""Which words may stand in the text of an agreement? The closed vocabulary, part by part.

A word that is not here is a fault with its line: a misspelt `untill` must never silently make a ban endless.
"""

from __future__ import annotations

TOP = frozenset(
    "truceline id title tz text_status sources instruments actors facts zones acts words terms evidence amend areas "
    "precision readings findings".split()
)
INSTRUMENT = frozenset("title from until adopted published source".split())
ACTOR = frozenset("kind side part_of members decides names".split())
FACT = frozenset(
    "name alias as merged split into holds status of by is from until source tag accepted excluded sole actors "
    "line".split()
)
FACT_HEADS = ("name", "alias", "merged", "split", "holds", "accepted", "excluded", "sole")
ZONE = frozenset("geo line side within_m union polygon alt_m text from until names".split())
WORD = frozenset("readings adopted baseline counting coverage between text".split())
TERM = frozenset(
    "id kind who to does do in from until while on by within ahead if unless except overrides together persists effort "
    "else ask source effect is after before text tag instrument burden words modality note versions procure clock "
    "protects proof at".split()
)
OF_DUTIES = ("by", "within", "ahead", "together", "persists", "effort", "else", "procure", "clock", "proof")
"""Fields of a term that only a `require` can have."""

VERSION = frozenset("name source text absent is from until while by within on".split())
TOGETHER = frozenset("within with".split())
PROTECTS = ("civilians", "aid", "sites")
EVIDENCE = frozenset("supported else".split())
AMEND = frozenset("by backwards never_backwards".split())
FINDINGS = frozenset(["remarks"])
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
    "count_max consent complies number against over between horizon civil_days "
    # words and worlds
    "readings both all any not k while simultaneous".split()
)
"""Words of the condition algebra; their rules stand in `agreement.conditions`."""

NAMING = frozenset("name source note is".split())
"""Words by which a reading may be called, beside those of a condition."""

SIDES = ("north", "south", "east", "west")
READING_CHOICES = {"umbrella": ("side", "strict"), "designation": ("identity", "name")}
