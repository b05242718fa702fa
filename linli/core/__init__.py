"""Core: what every room stands on, and which knows no room.

Owns the account (identity only, never authority), API tokens, the journal and the list of jobs. Gives: extents of door
keys (`extents`), the clock (`clock`), ids (`ids`), problems (`errors`), who is acting and what they may see (`access`),
the database as one of two roles (`db`), the wall of row-level security (`wall`), events between rooms (`events`), jobs
(`jobs`), sheets (`sheets`), bulk copy (`bulk`) and the sealing of personal fields (`crypto`).
"""
