"""Rounds: the coverage ledger. One pass over every person or household of a scope, and who has not been reached.

Tables: `round`, `round_span` (scope), `mark` and `mark_withdrawn` (facts, appended; a command counts once by a key of
its marks), `round_state` (one row a subject, derived in the same transaction), `round_tally` (one row a unit). The SQL
that makes and writes them is in `sql/`; `receipt` was once made there, and its migration 0009 takes it away.

Hears `residents.events.PeopleChanged`: who comes, moves or leaves is followed in every open round; and
`places.events.Redrawing`: no change of boundaries reaches behind the closing of a round.
"""
