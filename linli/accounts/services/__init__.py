"""Writes of accounts' ways in."""

from __future__ import annotations

from linli.accounts.services.factors import (
    add_passkey,
    begin_passkey,
    confirm_app,
    get_new_app,
    remove_app,
    remove_passkey,
    renew_codes,
    reset_factors,
    start_app,
)
from linli.accounts.services.guard import find_lock, unlock_account, unlock_address
from linli.accounts.services.invitations import (
    accept_invitation,
    get_invitation,
    invite,
    invite_person,
    revoke_invitation,
)
from linli.accounts.services.sessions import (
    end_all_sessions,
    end_other_sessions,
    end_session,
    move_session,
    require_in_person,
    sign_out,
    start_session,
    touch_session,
    touch_session_sql,
)
from linli.accounts.services.sign_in import (
    change_password,
    find_factor_deadline,
    prove_code,
    prove_passkey,
    prove_password,
    record_sign_in,
)

__all__ = [
    "accept_invitation",
    "add_passkey",
    "begin_passkey",
    "change_password",
    "confirm_app",
    "end_all_sessions",
    "end_other_sessions",
    "end_session",
    "find_factor_deadline",
    "find_lock",
    "get_invitation",
    "get_new_app",
    "invite",
    "invite_person",
    "move_session",
    "prove_code",
    "prove_passkey",
    "prove_password",
    "record_sign_in",
    "remove_app",
    "remove_passkey",
    "renew_codes",
    "require_in_person",
    "reset_factors",
    "revoke_invitation",
    "sign_out",
    "start_app",
    "start_session",
    "touch_session",
    "touch_session_sql",
    "unlock_account",
    "unlock_address",
]
