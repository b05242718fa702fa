"""A full disk, said as such: of the database, or of the folder that uploads go to."""

from __future__ import annotations

import errno

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Problem

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
SERVER_FULL = {"53100"}  # disk_full


class DiskFull(Problem):
    code = "core.disk_full"
    status = 507
    title = _("The disk of the server is full.")
    advice_text = _(
        "What was acknowledged is safe; this was not taken. Tell your administrator to make room, then send it again."
    )
    retry_after = 60


def is_disk_full(error: BaseException | None) -> bool:
    """Whether there was no room for what was being written, as the system or PostgreSQL says."""
    if isinstance(error, OSError):
        return error.errno in FULL
    return error is not None and getattr(error.__cause__, "sqlstate", None) in SERVER_FULL
