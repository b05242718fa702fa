"""Residents: who lives behind which door, and what they need.

Tables: `household` (behind a door, by its key), `person` (in a household; carries the household's key), `unit_count`
(how many live in a unit and need what), `duplicate` (pairs that may be one), `merger` (two entries made one) and
`merged_into` (whose marks count for whom). ID number and phone are sealed and found by keyed hashes.

Publishes `events.PeopleChanged`, once a transaction, for whoever came, moved or left. Whoever writes who lives where
takes the register's lock first (`register.change_register`), publishes, then counts the units again (`counts.recount`).
"""
