"""What can go wrong with a backup."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core.errors import Conflict, Invalid, Problem


class NotABackup(Invalid):
    code = "site.not_a_backup"
    title = _("%(file)s is not a backup that this version reads: %(why)s")
    advice_text = _("Choose another file, or the version of Linli that wrote it.")


class BackupDamaged(Invalid):
    code = "site.backup_damaged"
    title = _("The backup is damaged: %(what)s does not match its hash.")
    advice_text = _("Nothing was kept of it. Use another copy of this backup, or an earlier one.")


class PassphraseWrong(Invalid):
    code = "site.passphrase"
    title = _("The backup is encrypted, and the passphrase does not open it.")
    advice_text = _("Give the right one with --passphrase-file FILE, or type it when asked.")


class PassphraseShort(Invalid):
    code = "site.passphrase_short"
    title = _("The passphrase has fewer than %(least)s characters.")
    advice_text = _("Take a longer one: a backup may be attacked for years, with nobody watching.")


class KeysNeedEncryption(Invalid):
    code = "site.keys_unencrypted"
    title = _("The keys go into an encrypted backup only.")
    advice_text = _("Add --encrypt, or leave --with-keys out and keep the secrets file apart.")


class KeysDiffer(Conflict):
    code = "site.keys_differ"
    title = _("The keys in %(file)s are not those of this backup.")
    advice_text = _(
        "Nothing was restored. Put the secrets file of the old installation in its place (mode 600) and try again."
        " Where that is lost: --without-keys; ID and phone numbers then stay unread."
    )


class NotEmpty(Conflict):
    code = "site.not_empty"
    title = _("The database is not empty: %(table)s holds rows.")
    advice_text = _(
        "Restore into a new LINLI_HOME or database. To throw away everything that is in this one: --replace."
    )


class StillRunning(Conflict):
    code = "site.still_running"
    title = _("Linli is running on this database (%(number)s connections).")
    advice_text = _("Stop 'linli run' and 'linli work' first.")


class TooNew(Invalid):
    code = "site.backup_too_new"
    title = _("The backup was made by a newer version of Linli (%(migration)s is unknown here).")
    advice_text = _("Install that version, %(version)s, and restore with it.")


class BackupThere(Conflict):
    code = "site.backup_there"
    title = _("There is a file %(file)s already; a backup replaces none.")
    advice_text = _("Give another name, or a folder: each backup then has a file of its own.")


class CannotWrite(Problem):
    code = "site.backup_not_written"
    status = 507
    title = _("The backup could not be written to %(file)s: %(why)s")
    advice_text = _("Free space or choose another place. Nothing half written was left there.")


class TablesMoving(Problem):
    code = "site.tables_moving"
    status = 503
    title = _("Tables were being made or exchanged again and again while the backup began.")
    advice_text = _("A large import is under way. Try again when it has ended.")
