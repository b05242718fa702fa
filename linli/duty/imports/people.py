"""The people whom a sheet names: found by their phone or account, or made."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.utils.translation import gettext_lazy as _

from linli.core import crypto, db
from linli.core.errors import Text
from linli.core.import_rows import Tally
from linli.core.spoken import filled
from linli.duty.terms import NAME_LENGTH


@dataclass(eq=False)
class Person:
    """Somebody in the sheet. `account_id` 0: not known yet; `row`: where the sheet names them first."""

    name: str
    phone: str
    row: int
    account_id: int = 0


class People:
    """All people of one sheet. Two rows with one phone are one person, and must give one name."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._by_phone: dict[str, Person] = {}
        self._by_account: dict[str, Person] = {}
        self._holders: dict[int, Person] = {}
        self._deputies: dict[int, Person] = {}

    def holder(self, number: int) -> Person | None:
        return self._holders.get(number)

    def deputy(self, number: int) -> Person | None:
        return self._deputies.get(number)

    def read(self, number: int) -> None:
        """Whom a row names."""
        values = self._tally.values[number]
        name, phone, account = values.get("name"), values.get("phone"), values.get("account")
        if account:
            person = self._by_account.setdefault(str(account), Person(str(name or ""), "", number))
            self._holders[number] = person
        elif name or phone:
            self._take(number, "name", "phone", name, phone, self._holders)
        if values.get("deputy") or values.get("deputy_phone"):
            self._take(
                number, "deputy", "deputy_phone", values.get("deputy"), values.get("deputy_phone"), self._deputies
            )

    def _take(
        self, number: int, named: str, called: str, name: str | None, phone: str | None, into: dict[int, Person]
    ) -> None:
        tally = self._tally
        if not name:
            tally.refuse(number, named, "empty", _("There is a phone here, and no name."), _("Fill in the name."))
        elif not phone:
            if not tally.has_fault(number, called):
                tally.refuse(
                    number, called, "empty", _("There is no phone; people of one name are told apart by it."),
                    _("Fill in the phone, or the account name in a column 账号."),
                )  # fmt: skip
        elif len(name) > NAME_LENGTH:
            tally.refuse(number, named, "too_long", _("The name is too long."), _("Shorten it."))
        else:
            person = self._by_phone.setdefault(phone, Person(name, phone, number))
            if person.name != name:
                tally.refuse(
                    number, called, "phone_twice",
                    filled(_("Row %(row)s gives this phone to somebody of another name."), row=person.row),
                    _("One phone is one person: correct the name or the number."),
                )  # fmt: skip
            else:
                into[number] = person

    def find(self) -> None:
        """Who of them has an account already; refuses rows whose phone or account belongs to somebody else."""
        digests = {crypto.lookup_hash(phone): phone for phone in self._by_phone}
        for account_id, name, digest in db.rows(
            "SELECT c.id, c.name, s.phone_hash FROM staff s JOIN account c ON c.id = s.account_id"
            " WHERE s.phone_hash = ANY(%s::bytea[]) AND c.is_active",
            [list(digests)],
        ):
            person = self._by_phone[digests[bytes(digest)]]
            if name == person.name:
                person.account_id = account_id
            else:
                self._refuse_all(
                    person, "phone_taken", _("This phone belongs to an account of another name."),
                    _("One phone is one person: correct the name or the number."),
                )  # fmt: skip
        known = dict(
            db.rows("SELECT username, id FROM account WHERE username = ANY(%s) AND is_active", [list(self._by_account)])
        )
        for username, person in self._by_account.items():
            person.account_id = known.get(username, 0)
            if not person.account_id:
                self._refuse_all(
                    person, "account_unknown", _("There is no such account."), _("Leave the account name empty."),
                )  # fmt: skip

    def _refuse_all(self, person: Person, code: str, message: Text, advice: Text) -> None:
        fields = (("holder", self._holders), ("deputy", self._deputies))
        for which, found in fields:
            for number, one in found.items():
                if one is person:
                    field = {"account_unknown": "account"}.get(code, "phone" if which == "holder" else "deputy_phone")
                    self._tally.refuse(number, field, code, message, advice)

    def make(self, wanted: Iterable[Person], at: datetime) -> int:
        """Accounts for those of `wanted` who have none: nobody signs in with one before it has a password."""
        new = list({id(one): one for one in wanted if not one.account_id}.values())
        if not new:
            return 0
        numbers = db.rows(
            "SELECT nextval(pg_get_serial_sequence('account', 'id')) FROM generate_series(1, %s)", [len(new)]
        )
        for person, (number,) in zip(new, numbers, strict=True):
            person.account_id = number
        db.execute(
            """
            INSERT INTO account (id, username, name, password, is_active, language, large_type, created_at)
            SELECT n.id, 'p' || n.id, n.name, n.password, true, '', false, %s
            FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS n (id, name, password)
            """,
            [at, [one.account_id for one in new], [one.name for one in new], [_no_password() for _one in new]],
        )
        db.execute(
            """
            INSERT INTO staff (account_id, phone, phone_hash, changed_at)
            SELECT n.id, n.phone, n.digest, %s
            FROM unnest(%s::bigint[], %s::bytea[], %s::bytea[]) AS n (id, phone, digest)
            """,
            [
                at, [one.account_id for one in new], [crypto.seal(one.phone) for one in new],
                [crypto.lookup_hash(one.phone) for one in new],
            ],
        )  # fmt: skip
        return len(new)


def _no_password() -> str:
    """What Django's `make_password(None)` gives, a hundred times faster: nothing that is typed ever matches it."""
    return UNUSABLE_PASSWORD_PREFIX + secrets.token_urlsafe(30)
