"""What every room's part of the command line shares: who acts, and how figures are printed for machines."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.utils.translation import gettext_lazy as _
from typer._click.globals import get_current_context

from linli.core.errors import NotSignedIn


def get_account_name() -> str:
    """The account named by `linli --as ACCOUNT` or LINLI_AS. Raises NotSignedIn when nobody is named."""
    context = get_current_context(silent=True)
    name = context.find_root().params.get("acting_as") if context else None
    if not name:
        raise NotSignedIn(advice=_("Say who acts: linli --as ACCOUNT ..., or set LINLI_AS."))
    return str(name)


def write_json(data: Any) -> None:
    """One JSON document on standard output, Chinese left readable; dates and numbers as text."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, default=str, indent=1) + "\n")
