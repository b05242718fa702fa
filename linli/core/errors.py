"""One error shape for every face: RFC 9457 on the API, the same words on a page and on the command line.

A room defines its errors as subclasses with a stable `code`; they are raised where the rule lives and rendered once.
"""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise
LARGEST_EXACT = 2**53
COUNTED = frozenset({"count", "limit", "people", "rows", "doors", "most", "size"})  # parameters said with thousands


class Problem(Exception):
    """Something the caller can understand and act on.

    `title` says what happened, `detail` with which value, `advice` what to do now. `params` fill the `%(name)s` of all
    three and are shown to machines as they are.
    """

    code: str = "core.problem"
    status: int = 400
    title: Text = _("The request could not be carried out.")
    advice_text: Text = ""
    retry_after: int | None = None
    """Seconds after which it is worth trying again: the header Retry-After."""

    def __init__(self, detail: Text | None = None, *, advice: Text | None = None, **params: Any) -> None:
        self._detail = detail
        self._advice = advice
        self.params = params
        super().__init__(self.code)

    @property
    def detail(self) -> str:
        text = self._detail if self._detail is not None else self.title
        return self._fill(text)

    @property
    def advice(self) -> str:
        return self._fill(self._advice if self._advice is not None else self.advice_text)

    def _fill(self, text: Text) -> str:
        said = {
            name: f"{value:,}" if name in COUNTED and isinstance(value, int) else value
            for name, value in self.params.items()
        }
        return str(text) % said if said else str(text)

    def __str__(self) -> str:
        return " ".join(part for part in (self.detail, self.advice) if part)

    def as_dict(self) -> dict[str, Any]:
        """The RFC 9457 body: type, title, status, detail, plus `code`, `advice` and `params`."""
        return {
            "type": f"urn:linli:problem:{self.code}",
            "title": self._fill(self.title),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "advice": self.advice,
            "params": {name: _plain(value) for name, value in self.params.items()},
        }


def _plain(value: Any) -> int | float | str:
    """For machines; a whole number beyond what JSON's readers hold exactly is shown as text."""
    if isinstance(value, float) or (isinstance(value, int) and abs(value) <= LARGEST_EXACT):
        return value
    return str(value)


class NotFound(Problem):
    code = "core.not_found"
    status = 404
    title = _("There is no such thing here.")
    advice_text = _("Check the address or code, or look for it by name.")


class Forbidden(Problem):
    """The acting account holds no appointment that allows this here."""

    code = "core.forbidden"
    status = 403
    title = _("You are not appointed to do this here.")
    advice_text = _("Ask the office that answers for this place to do it, or to appoint you.")


class NotSignedIn(Problem):
    code = "core.not_signed_in"
    status = 401
    title = _("Nobody is signed in.")
    advice_text = _("Sign in, or send a valid token.")


class OnlyByForm(Problem):
    """A page's address that only its form sends to was opened by itself."""

    code = "core.only_by_form"
    status = 405
    title = _("This address only takes what a form sends.")
    advice_text = _("Nothing was changed. Go back to the page with the form, and press its button again.")


class Invalid(Problem):
    """A value that is not acceptable; `params["field"]` names it where there is one."""

    code = "core.invalid"
    status = 422
    title = _("A value is not acceptable.")


class ValueBeyond(Invalid):
    code = "core.value_beyond"
    title = _("A value is larger than anything that can be kept, or holds a character that cannot.")
    advice_text = _("Check numbers, dates and texts, and send it again; nothing was changed.")


class Conflict(Problem):
    code = "core.conflict"
    status = 409
    title = _("Somebody else changed this in the meantime.")
    advice_text = _("Load it again and repeat your change.")


class Unavailable(Problem):
    code = "core.unavailable"
    status = 503
    title = _("The system is busy.")
    advice_text = _("Nothing was lost. Try again in a moment.")
    retry_after = 3
