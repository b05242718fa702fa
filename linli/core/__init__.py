"""Core: what every room stands on, and which knows no room.

Tables: `account` (identity only, never authority), `api_token`, `journal_entry`, `job`, `import_columns` (what senders
said of their sheets), `seal_block`, `periodic_run`.

Gives: extents of door keys (`extents`), the clock (`clock`), ids (`ids`), problems (`errors`), who is acting and what
they may see (`access`), the database as one of two roles (`db`), the wall of row-level security (`wall`), events
between rooms (`events`), jobs (`jobs`), sheets (`sheets`) and their imports (`importers`), bulk copy (`bulk`), the
sealing of personal fields (`crypto`), the journal (`journal`) and its seals (`seals`), the line in which requests wait
(`admission`), what the faces of all rooms share (`faces`, `api`, `field`, `terminal`).
"""
