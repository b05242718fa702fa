"""Special situations: reported by workers, mostly from phones, and settled by those who answer for the place."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from linli.notices.terms import LARGEST_FILE, OUTCOME_LENGTH, SEALING_BYTES, FileKind, What


class Special(models.Model):
    """Something that must be known at once. `key`: the door's, or the first of the place; `text` is sealed: names stand
    in it.
    """

    client_id = models.UUIDField(null=True, unique=True)  # of the command that reported it
    key = models.BigIntegerField()
    place_id = models.BigIntegerField(null=True)  # where it was said of a place, not of a door
    person_id = models.BigIntegerField(null=True)
    what = models.CharField(max_length=8, choices=What)
    text = models.BinaryField(default=b"")
    account_id = models.BigIntegerField()
    happened_at = models.DateTimeField()
    device_at = models.DateTimeField()
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_by = models.BigIntegerField(null=True)
    outcome = models.CharField(max_length=OUTCOME_LENGTH, blank=True, default="")

    class Meta:
        db_table = "special"
        indexes = [
            models.Index(fields=["key"], name="special_open", condition=Q(settled_at=None)),
            models.Index(fields=["-received_at"], name="special_received"),
        ]
        constraints = [
            models.CheckConstraint(name="special_what", condition=Q(what__in=[what.value for what in What])),
            models.CheckConstraint(name="special_time", condition=Q(received_at__gte=F("happened_at"))),
            models.CheckConstraint(
                name="special_settled",
                condition=Q(settled_at=None, settled_by=None, outcome="")
                | (Q(settled_at__gte=F("received_at"), settled_by__isnull=False) & ~Q(outcome="")),
            ),
        ]


class File(models.Model):
    """A photo or voice note as it was announced: about the door `key`, or of it one person, household or special
    situation. Its bytes come later.
    """

    id = models.UUIDField(primary_key=True)  # of the command that announced it
    key = models.BigIntegerField()
    person_id = models.BigIntegerField(null=True)
    household_id = models.BigIntegerField(null=True)
    special_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=5, choices=FileKind)
    account_id = models.BigIntegerField()
    taken_at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        db_table = "notice_file"
        indexes = [
            models.Index(fields=["key"], name="notice_file_key"),
            models.Index(fields=["person_id"], name="notice_file_person", condition=Q(person_id__isnull=False)),
            models.Index(fields=["special_id"], name="notice_file_special", condition=Q(special_id__isnull=False)),
            models.Index(fields=["received_at"], name="notice_file_received"),
        ]
        constraints = [
            models.CheckConstraint(name="notice_file_kind", condition=Q(kind__in=[kind.value for kind in FileKind])),
            models.CheckConstraint(name="notice_file_time", condition=Q(received_at__gte=F("taken_at"))),
            models.CheckConstraint(
                name="notice_file_about",
                condition=Q(person_id=None, household_id=None)
                | Q(person_id=None, special_id=None)
                | Q(household_id=None, special_id=None),
            ),
        ]


class FileBytes(models.Model):
    """What is there of a file's bytes: `have` of those that are sent, in parts; once whole, `content`, sealed with the
    data keys. `session_id`: the phone's session that sealed what is sent.
    """

    file = models.OneToOneField(File, on_delete=models.CASCADE, primary_key=True, related_name="+")
    account_id = models.BigIntegerField()
    kind = models.CharField(max_length=5, choices=FileKind)
    announced_at = models.DateTimeField()
    size = models.IntegerField()
    sha256 = models.BinaryField(max_length=32)
    session_id = models.UUIDField(null=True)
    have = models.IntegerField(default=0)
    content = models.BinaryField(default=b"")
    whole_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notice_file_bytes"
        indexes = [models.Index(fields=["account_id", "announced_at"], name="notice_file_bytes_account")]
        constraints = [
            models.CheckConstraint(name="notice_file_size", condition=Q(size__gte=1, size__lte=LARGEST_FILE)),
            models.CheckConstraint(
                name="notice_file_have", condition=Q(have__gte=0, have__lte=F("size") + SEALING_BYTES)
            ),
            models.CheckConstraint(
                name="notice_file_whole",
                condition=Q(whole_at=None, content=b"") | (Q(whole_at__isnull=False) & ~Q(content=b"")),
            ),
        ]


class FilePart(models.Model):
    """A piece that has come, sealed once more with the data keys. Gone once the file is whole."""

    file = models.ForeignKey(File, on_delete=models.CASCADE, related_name="+")
    start = models.IntegerField()
    data = models.BinaryField()

    class Meta:
        db_table = "notice_file_part"
        constraints = [
            models.UniqueConstraint(fields=["file", "start"], name="notice_file_part_once"),
            models.CheckConstraint(name="notice_file_part_start", condition=Q(start__gte=0) & ~Q(data=b"")),
        ]
