"""Duty: who may do what, where and when, and who answers for which door.

Tables: `appointment` (an account holds a role at a place for a time: the only source of authority, and the holding of a
post), `staff` (the phone of whoever serves, sealed), `organisation` (where they are drawn from), `work_team`,
`volunteer` and `claim` (who offers to take a vacant post).

Reads: `authority` (what an account or a token may do at a moment), `chain` (who answers for a door), `coverage` (vacant
posts, counts by level), `dissolved` (posts of places that were redrawn away), `history` (authority in the past).
Publishes `events.PostHandedOver`, `AccountClosed`, `PasswordSet`; hears the first itself, for claims, and
`places.events.Redrawn`.
"""
