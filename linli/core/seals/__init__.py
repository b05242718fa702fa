"""Seals: blocks of entries that can no longer be changed without being found out.

A job (never the writes themselves: they would wait for each other) takes what is settled and makes *blocks*: which ids,
how many entries, the SHA-256 of their canonical bytes, the hash of the block before, and a MAC under a key that is kept
outside the database. Blocks are also written to a file, and sent to an address, so that whoever owns the database
can neither forge nor drop one without `verify` saying so.

Rooms register what is sealed (`sources.register`): `core` the journal, `rounds` its marks and their withdrawals.
"""

from __future__ import annotations
