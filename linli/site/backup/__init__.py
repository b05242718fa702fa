"""Backup and restore: every table in one snapshot, with counts and hashes that are compared when it is put back.

The tables are made by the migrations of the backup's own version and then filled by COPY: a backup contains data and
no program, is independent of the server's version, and needs no PostgreSQL client. (`pg_dump` refuses a server newer
than itself, and whoever brings a server of their own brings its version.)
"""

from __future__ import annotations
