"""What leaves no entry, or several, or one without a place, a subject or an appointment - and why."""

from __future__ import annotations

# Services (and the addresses that call them) that write, and leave no entry.
NO_ENTRY = {
    "rounds.services.mark": "for marks the fact is the entry: who, when, where, and never changed",
    "rounds.undo.take_back": "a mark as well",
    "rounds.desk_marks.mark_from_page": "marks as well",
    "rounds.desk_marks.take_back_from_page": "marks as well",
    "accounts.services.factors.start_app": "nothing counts before it is confirmed, which leaves one",
    "accounts.entry.refresh_deadline": "a date worked out from appointments, kept to be quick",
    "core.jobs.enqueue": "work is asked for: the job's row says by whom; the work leaves one when it is done",
    "core.importers.start_import": "a file waits: the job's row says whose; bringing it in leaves one",
    "residents.duplicates.finding.request_find": "work is asked for",
    "rounds.services.request_open": "work is asked for",
    "rounds.services.request_close": "work is asked for",
    "rounds.services.request_reopen": "work is asked for",
    "places.imports.release.start_release": "work is asked for",
    "places.imports.release.carry_out_release": "work is asked for",
}
# Several things are done at once, each an entry about its own subject.
SEVERAL = {
    "accounts.services.invitations.invite_person": ("duty.make_account", "duty.appoint", "accounts.invite"),
    "duty.posts.hand_over": ("duty.appoint", "duty.hand_over"),
    "duty.dissolved.move_post": ("duty.end_appointment", "duty.appoint"),
    "duty.teams.form_team": ("duty.appoint", "duty.form_team"),
    "duty.teams.dissolve_team": ("duty.end_appointment", "duty.dissolve_team"),
    "duty.claims.confirm_claim": ("duty.appoint", "duty.confirm_claim", "duty.decline_claim"),  # of all the others
    "core.importers.import_here": ("places.regrid", "places.import_grids"),  # each change may be taken back by itself
    "places.imports.release.follow_release": ("places.rename_place", "places.add_division", "places.migrate_divisions"),
}
# Tried first: what was written is taken back, and so is the entry.
TRIED = {"places.imports.release.follow_release"}
# Addresses beside their one service.
ADDRESSES_SEVERAL = {
    "POST duty:join": ("duty.register_volunteer", "duty.join"),
    "POST duty:cadres": ("duty.make_account", "duty.appoint"),
    "POST /api/duty/cadres": ("duty.make_account", "duty.appoint"),
}
ADDRESSES_NO_ENTRY = {
    "POST desk:passkey-options": "a question for the browser, kept in its session",
    "POST accounts:confirm": "the password once more: counted against guessing, noted in the session",
    "POST /api/field/session": "a sign-in that fails: counted against guessing; the tenth leaves one (lock_out)",
}
# Addresses that write when they come to an end, which they do not in this world: the service is called by itself.
BY_SERVICE = {
    "POST accounts:app-start": "accounts.services.factors.start_app",
    "POST accounts:app-remove": "accounts.services.factors.remove_app",
    "POST accounts:codes": "accounts.services.factors.renew_codes",
    "POST accounts:passkey-remove": "accounts.services.factors.remove_passkey",
    "POST accounts:session-end": "accounts.services.sessions.end_session",
    "DELETE /api/accounts/sessions/{session_id}": "accounts.services.sessions.end_session",
    "POST accounts:revoke": "accounts.services.invitations.revoke_invitation",
    "DELETE /api/accounts/invitations/{invitation_id}": "accounts.services.invitations.revoke_invitation",
    "POST desk:sign-in": "accounts.services.sign_in.record_sign_in",
    "POST desk:passkey": "accounts.services.sign_in.record_sign_in",
    "POST desk:imports": "core.importers.start_import",
    "POST /api/imports/{kind}": "core.importers.start_import",
    "POST desk:import-take": "core.importers.take_checked",
    "POST /api/imports/sent/{job_id}/take": "core.importers.take_checked",
    "POST desk:import-columns": "core.importers.check_again",
    "POST /api/imports/sent/{job_id}/columns": "core.importers.check_again",
    "POST duty:revoke-token": "duty.services.revoke_token",
    "DELETE /api/duty/tokens/{token_id}": "duty.services.revoke_token",
    "POST duty:move-post": "duty.dissolved.move_post",
    "POST /api/duty/appointments/{appointment_id}/move": "duty.dissolved.move_post",
    "POST duty:claim": "duty.claims.claim_post",
    "POST /api/duty/volunteer/claims": "duty.claims.claim_post",
    "POST duty:withdraw": "duty.claims.withdraw_claim",
    "POST /api/duty/volunteer/claims/{claim_id}/withdraw": "duty.claims.withdraw_claim",
    "POST places:move": "places.services.moves.move_compound",
    "POST places:end": "places.services.changes.end_place",
    "POST places:redraw": "places.services.regridding.regrid",
    "POST places:release": "places.imports.release.start_release",
    "POST places:release-take": "places.imports.release.carry_out_release",
    "POST residents:new-household": "residents.services.households.register_household",
    "POST residents:undo-merger": "residents.duplicates.households.undo_merger",
    "POST /api/residents/duplicates/mergers/{merger_id}/undo": "residents.duplicates.households.undo_merger",
    "POST rounds:take-back": "rounds.undo.take_back",
    "POST /api/rounds/{code}/marks/undo": "rounds.undo.take_back",
    "DELETE /api/field/session": "field.services.sign_out",
    "POST /api/field/session/end": "field.services.sign_out",
    "POST /api/field/sync": "residents.services.people.add_person",
    "POST /api/field/handed": "residents.services.people.add_person",
}
# Addresses that are posted to, and write nothing that anybody would ask after.
NOTHING = {
    "POST desk:import-discard": "a file that was sent and never brought in is removed",
    "POST /api/imports/sent/{job_id}/discard": "the same",
    "POST places:release-discard": "the same",
    "POST accounts:passkey-options": "a question for the browser, kept in its session",
    "POST residents:search": "a search, posted so that no name stands in an address",
    "POST /api/residents/people/search": "the same",
    "POST rounds:new-count": "counts people",
    "POST rounds:new-drawn": "counts people",
    "POST /api/field/session/key": "a phone's key, sealed: the sign-in before it leaves one",
    "POST /api/field/files/{file_id}": "a piece of a file: its announcement leaves one",
}
# Services that the test does not call, and where an entry of theirs is looked at.
ELSEWHERE = {
    "accounts.services.factors.add_passkey": ("tests/browser/test_accounts.py", "accounts.add_passkey"),
    "core.importers.fetch_rejected": ("tests/desk/test_import_checks.py", "core.fetch_rejected"),
    "core.import_columns.remember_columns": ("tests/desk/test_import_checks.py", "core.choose_columns"),
    "core.seals.restart.restart_seals": ("tests/core/test_seals.py", "site.restart_seals"),
    "site.backup.writing.back_up": ("tests/site/test_backup.py", "site.back_up"),
}
# Services that the test does not call, and that leave no entry of their own.
PARTS = {
    "core.importers.take_checked": "asks for the work of bringing a file in",
    "core.importers.check_again": "asks for the work of checking a file",
    "rounds.services.mark_at_once": "marks by the road beside Django's: the fact is the entry",
    "rounds.services.mark_columns_at_once": "the same, of marks that are side by side",
    "rounds.ledger.write_at_once": "a part of both",
    "rounds.marking_large.merge": "a part of mark_batch, for marks by the hundred thousand",
}
# Entries about no place: of one's own account, of the whole jurisdiction.
NO_PLACE = {
    "accounts.sign_in", "accounts.sign_out", "accounts.end_session", "accounts.end_sessions",
    "accounts.change_password", "accounts.set_up_app", "accounts.remove_app", "accounts.renew_codes",
    "accounts.add_passkey", "accounts.remove_passkey", "desk.set_preferences", "field.rotate_key", "duty.join",
    "places.end_place", "places.migrate_divisions",
}  # fmt: skip
# Entries that need no appointment: of one's own account; of volunteers, before they have one.
NO_APPOINTMENT = (NO_PLACE - {"places.end_place", "places.migrate_divisions"}) | {
    "duty.register_volunteer", "duty.claim_post", "duty.withdraw_claim", "duty.revoke_token",
}  # fmt: skip
# Entries whose place says all: an address, a pack of a place, doors of a unit, people of a place, a sheet's digest.
NO_SUBJECT = {
    "accounts.unlock_address", "field.give_pack", "places.set_vacant", "places.set_occupied",
    "residents.find_duplicates", "residents.import_roster", "duty.import_chain", "places.migrate_divisions",
    "desk.export_journal",
}  # fmt: skip
READING = (
    "get_",
    "find_",
    "list_",
    "count_",
    "read_",
    "search",
    "look_at_worst",
    "require_",
    "descend",
    "name_",
    "plan_",
)
