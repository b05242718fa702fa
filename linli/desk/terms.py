"""The desk's words: what the journal's verbs and subjects are called, and how jobs stand."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Text
from linli.core.models import Job

JOB_STATES: dict[str, Text] = {
    Job.State.QUEUED: _("waiting its turn"),
    Job.State.DOING: _("at work"),
    Job.State.DONE: _("finished"),
    Job.State.FAILED: _("failed"),
}

# Kinds of job that are not imports (an import is called what its importer is called).
JOB_KINDS: dict[str, Text] = {
    "rounds.open": _("Opening a round"),
    "rounds.close": _("Closing a round"),
    "rounds.reopen": _("Reopening a round"),
}

ROOMS: dict[str, Text] = {
    "places": _("Places"),
    "residents": _("Residents"),
    "duty": _("Accounts and appointments"),
    "rounds": _("Rounds"),
    "accounts": _("Sign-in and invitations"),
    "desk": _("Settings"),
    "site": _("System"),
}

SUBJECTS: dict[str, Text] = {
    "place": _("Place"),
    "door": _("Door"),
    "household": _("Household"),
    "person": _("Person"),
    "round": _("Round"),
    "appointment": _("Appointment"),
    "token": _("Token"),
    "job": _("Job"),
    "demo": _("Demo"),
}

ORIGINS: dict[str, Text] = {
    "web": _("page"),
    "api": _("API"),
    "cli": _("command line"),
    "job": _("job"),
}

# What the details of an entry are called; others stand as they are.
FACTS: dict[str, Text] = {
    "language": _("language"),
    "large_type": _("large type"),
    "username": _("account"),
    "role": _("role"),
    "name": _("name"),
    "new_name": _("new name"),
    "alias": _("other name"),
    "under": _("under"),
    "source": _("from"),
    "target": _("to"),
    "number": _("number"),
    "numbers": _("numbers"),
    "doors": _("doors"),
    "people": _("people"),
    "purpose": _("purpose"),
    "rows": _("rows"),
    "rows_in": _("rows in"),
    "created": _("new"),
    "updated": _("changed"),
    "unchanged": _("unchanged"),
    "rejected": _("rejected"),
    "accepted": _("accepted"),
    "known": _("already known"),
    "due": _("due"),
    "done": _("done"),
    "open": _("open"),
    "scopes": _("scopes"),
    "reason": _("reason"),
    "encrypted": _("encrypted"),
    "keys": _("with keys"),
    "block": _("block"),
    "way": _("way"),
    "sessions": _("devices"),
    "failures": _("wrong attempts"),
    "until": _("until"),
}

# Every verb that a service writes; a test compares this with the source.
VERBS: dict[str, Text] = {
    "places.import_divisions": _("imported divisions"),
    "places.import_compounds": _("imported compounds, buildings and units"),
    "places.import_outlines": _("imported outlines"),
    "places.add_division": _("added a division"),
    "places.add_compound": _("added a compound"),
    "places.add_building": _("added a building"),
    "places.add_unit": _("added a unit"),
    "places.add_doors": _("added doors"),
    "places.end_door": _("ended a door"),
    "places.set_vacant": _("noted doors as vacant"),
    "places.set_occupied": _("noted doors as lived in"),
    "places.move_compound": _("moved a compound to another community"),
    "places.move_division": _("moved a division"),
    "places.add_overlay": _("added an area or grid"),
    "places.redraw_overlay": _("redrew an area or grid"),
    "places.rename_place": _("renamed a place"),
    "places.add_alias": _("added another name of a place"),
    "places.end_place": _("ended a place"),
    "residents.import_roster": _("imported a roster"),
    "residents.register_household": _("registered a household"),
    "residents.edit_household": _("changed a household"),
    "residents.move_household": _("moved a household"),
    "residents.split_household": _("split a household"),
    "residents.add_person": _("added a person"),
    "residents.edit_person": _("changed a person's entry"),
    "residents.move_person": _("moved a person"),
    "residents.record_presence": _("noted who is present or away"),
    "residents.record_moved_out": _("noted that people moved out"),
    "residents.record_vacant": _("noted that a home is empty"),
    "residents.unmask": _("looked at masked numbers"),
    "duty.make_account": _("made an account"),
    "duty.deactivate_account": _("closed an account"),
    "duty.set_password": _("set somebody's password"),
    "duty.appoint": _("appointed somebody"),
    "duty.end_appointment": _("ended an appointment"),
    "duty.hand_over": _("handed over a post"),
    "duty.make_token": _("made a token"),
    "duty.revoke_token": _("revoked a token"),
    "rounds.create_round": _("prepared a round"),
    "rounds.open_round": _("opened a round"),
    "rounds.close_round": _("closed a round"),
    "rounds.reopen_round": _("reopened a round"),
    "rounds.mark_many": _("marked doors"),
    "rounds.export_gaps": _("exported a list of who is missing"),
    "desk.sign_in": _("signed in"),
    "desk.set_preferences": _("changed language or type size"),
    "desk.set_password": _("changed their own password"),
    "accounts.sign_in": _("signed in"),
    "accounts.sign_out": _("signed out"),
    "accounts.lock_out": _("had to wait after too many wrong sign-ins"),
    "accounts.unlock_account": _("unlocked an account"),
    "accounts.unlock_address": _("unlocked an address"),
    "accounts.change_password": _("changed their own password"),
    "accounts.set_up_app": _("set up an authenticator app"),
    "accounts.remove_app": _("removed an authenticator app"),
    "accounts.renew_codes": _("made new recovery codes"),
    "accounts.add_passkey": _("added a passkey"),
    "accounts.remove_passkey": _("removed a passkey"),
    "accounts.reset_factors": _("removed somebody's second factor"),
    "accounts.end_session": _("signed a device out"),
    "accounts.end_sessions": _("signed devices out"),
    "accounts.invite": _("invited somebody to an account"),
    "accounts.revoke_invitation": _("took an invitation back"),
    "accounts.accept_invitation": _("accepted an invitation"),
    "site.build_demo": _("built the demo district"),
    "site.back_up": _("made a backup"),
    "site.restore": _("put a backup back"),
    "site.restart_seals": _("began a new file of seals"),
}
