"""What can go wrong with accounts, appointments and tokens."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn


class TokenRefused(NotSignedIn):
    code = "duty.token_refused"
    title = _("The token is unknown, has expired or was revoked.")
    advice_text = _("Make a new token on the page My tokens, or with: linli accounts token.")


class AccountNotFound(NotFound):
    code = "duty.account_not_found"
    title = _("There is no account %(name)s.")
    advice_text = _("linli accounts list shows the accounts; so does the page Accounts.")


class AppointmentNotFound(NotFound):
    code = "duty.appointment_not_found"
    title = _("There is no such appointment here.")


class TokenNotFound(NotFound):
    code = "duty.token_not_found"
    title = _("You have no such token.")


class AccountTaken(Conflict):
    code = "duty.account_taken"
    title = _("The account name %(name)s is in use.")
    advice_text = _("Choose another name, or appoint the account there is.")


class AppointedTwice(Conflict):
    code = "duty.appointed_twice"
    title = _("This account already holds this role at this place in that time.")
    advice_text = _("End the earlier appointment first, or choose a time after it.")


class PostTaken(Conflict):
    code = "duty.post_taken"
    title = _("%(name)s holds this post in that time.")
    advice_text = _("Hand the post over, or end that appointment first.")


class AppointmentEnded(Conflict):
    code = "duty.appointment_ended"
    title = _("The appointment has already ended.")
    advice_text = _("Nothing is left to do.")


class BeyondAuthority(Forbidden):
    """Nobody gives away what they do not hold themselves."""

    code = "duty.beyond_authority"
    title = _("You cannot appoint to a role that may do more than you may here.")
    advice_text = _("Choose a narrower role or place, or ask the office above you.")


class AccountBeyondAuthority(Forbidden):
    code = "duty.account_beyond_authority"
    title = _("This account holds appointments outside of what you answer for.")
    advice_text = _("Ask the office above you, or end the appointments that are yours to end.")


class NotFirst(Forbidden):
    code = "duty.not_first"
    title = _("The first account has already been made.")
    advice_text = _("Say who acts: linli --as ACCOUNT accounts create ...")


class PasswordWeak(Invalid):
    code = "duty.password_weak"
    title = _("The password is too easy to guess: %(why)s")
    advice_text = _("Take at least ten characters that are no name, no word and no number.")


class PeriodWrong(Invalid):
    code = "duty.period_wrong"
    title = _("The time ends before it begins.")
    advice_text = _("Choose an end after the beginning, or leave the end empty.")


class ScopesWrong(Invalid):
    code = "duty.scopes_wrong"
    title = _("A token cannot do what you may not do yourself: %(scopes)s.")
    advice_text = _("Choose among your own permissions.")


class ExpiryWrong(Invalid):
    code = "duty.expiry_wrong"
    title = _("A token must end within a year, and not before now.")
    advice_text = _("Choose a number of days from 1 to 366.")


class RoleUnknown(Invalid):
    code = "duty.role_unknown"
    title = _("There is no role %(role)s.")
    advice_text = _("Choose one of: %(roles)s.")


class SelfLocked(Conflict):
    code = "duty.self_locked"
    title = _("You cannot close your own account.")
    advice_text = _("Somebody else who answers for you can.")


class PeriodPast(Invalid):
    code = "duty.period_past"
    title = _("An appointment neither begins nor ends in the past.")
    advice_text = _("Leave the time empty: then it is now.")


class UsernameWrong(Invalid):
    code = "duty.username"
    title = _("An account name has 1 to %(limit)s letters, digits or . @ - _ and no blanks.")
    advice_text = _("For example: zhang.wei")


class NameWrong(Invalid):
    code = "duty.name"
    title = _("A name has 1 to %(limit)s characters.")
    advice_text = _("Give the name people know it by.")


class TimeWrong(Invalid):
    code = "duty.time"
    title = _("%(text)s is not a time.")
    advice_text = _("Write 2026-11-21 or 2026-11-21T08:00.")


class OfficerKindWrong(Invalid):
    code = "duty.officer_kind"
    title = _("Only information officers are of a kind.")
    advice_text = _("Leave it empty, or choose one of: %(kinds)s.")


class PhoneTaken(Conflict):
    code = "duty.phone_taken"
    title = _("This phone belongs to another account.")
    advice_text = _(
        "One phone is one person: correct the name or the number, or take it away from the other account first."
    )


class PhoneUnknown(NotFound):
    code = "duty.phone_unknown"
    title = _("No phone is known of this person.")
    advice_text = _("Whoever may appoint them sets it on the page of the account, or they themselves on My account.")


class PhoneWrong(Invalid):
    code = "duty.phone"
    title = _("%(text)s is not a phone number.")
    advice_text = _("Write a mobile number of 11 digits, or an area code and number such as 0471-6912345.")


class PersonUnclear(Invalid):
    code = "duty.person"
    title = _("It is not said who it is.")
    advice_text = _("Give an account name, or a name with a phone.")


class NoVolunteer(Conflict):
    code = "duty.no_volunteer"
    title = _("You are not registered as a volunteer.")
    advice_text = _("Register with your home first.")


class HomeUnclear(Invalid):
    code = "duty.home_unclear"
    title = _("No one unit is called %(text)s.")
    advice_text = _(
        "Write compound, building and unit with blanks between: 阳光小区 3号楼 2单元. Put the community first where two"
        " compounds bear one name."
    )


class PostNotVacant(Conflict):
    code = "duty.post_not_vacant"
    title = _("Somebody holds this post already.")
    advice_text = _("Choose another post; the list shows those that are vacant now.")


class PostFarAway(Forbidden):
    code = "duty.post_far_away"
    title = _("This post is not in the community you live in.")
    advice_text = _("Choose a post near your home.")


class PostNotClaimable(Invalid):
    code = "duty.post_not_claimable"
    title = _("Only the posts of building and unit leads can be claimed.")
    advice_text = _("Choose a building or a unit.")


class ClaimNotFound(NotFound):
    code = "duty.claim_not_found"
    title = _("There is no such claim here.")


class ClaimDecided(Conflict):
    code = "duty.claim_decided"
    title = _("The claim has been decided already.")
    advice_text = _("Load the list again.")


class TeamNotFound(NotFound):
    code = "duty.team_not_found"
    title = _("There is no such work team here.")


class TeamDissolved(Conflict):
    code = "duty.team_dissolved"
    title = _("The work team has been dissolved.")
    advice_text = _("Form a new one.")


class PlaceStands(Conflict):
    code = "duty.place_stands"
    title = _("%(place)s has not been dissolved.")
    advice_text = _("Hand the post over, or end it and appoint anew.")


class NotSuccessor(Invalid):
    code = "duty.not_successor"
    title = _("No place was chosen that took over from %(place)s.")
    advice_text = _("Choose one or several of those that the list names beside the post.")
