"""What can go wrong with reports."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem


class SpecialNotFound(NotFound):
    code = "notices.special_not_found"
    title = _("There is no such special situation here.")
    advice_text = _("Look for it in the list.")


class SettledAlready(Conflict):
    code = "notices.settled_already"
    title = _("%(name)s has settled this already.")
    advice_text = _("Load the page again to see how.")


class OutcomeMissing(Invalid):
    code = "notices.outcome_missing"
    title = _("It was not said how this was settled.")
    advice_text = _("Write in a few words what was done.")


class PlaceBeyond(Forbidden):
    code = "notices.place_beyond"
    title = _("This place is not among yours.")
    advice_text = _("Report it at a door or place where you are appointed, and say in words where it is.")


class FileUnknown(NotFound):
    code = "notices.file_unknown"
    title = _("There is no such photo or voice note here.")
    advice_text = _("It was never announced, or the time for which such are kept is over.")


class FileTooLarge(Problem):
    code = "notices.file_too_large"
    status = 413
    title = _("A photo or voice note has at most %(kib)s KiB.")
    advice_text = _("Take the photo again, smaller, or speak for less than a minute.")


class PieceTooLarge(Problem):
    code = "notices.piece_too_large"
    status = 413
    title = _("A piece has at most %(kib)s KiB.")
    advice_text = _("Send it in several pieces; 20 kB each are best.")


class FileGap(Conflict):
    code = "notices.file_gap"
    title = _("A piece before this one is missing: %(have)s bytes are there.")
    advice_text = _("Go on from there.")


class FileAltered(Invalid):
    code = "notices.file_altered"
    title = _("What arrived is not what was announced.")
    advice_text = _("Try again: it is then sent anew. If that does not help, take it anew.")


class FileWrongKind(Invalid):
    code = "notices.file_wrong_kind"
    title = _("This is not a JPEG picture, or not a recording in WebM, Ogg or MP4.")
    advice_text = _("Take it with the phone app, which sends the right kind.")


class FileTellsMore(Invalid):
    code = "notices.file_tells_more"
    title = _("The picture says more than it shows, such as where it was taken.")
    advice_text = _("Take it with the phone app, which leaves that out.")


class FilesEnough(Problem):
    code = "notices.files_enough"
    status = 429
    title = _("No more than %(mib)s MiB of photos and voice notes are taken from one account in a day.")
    advice_text = _("The rest waits on the phone, and is sent later by itself. Marks are sent all the same.")
    retry_after = 3_600
