"""Households behind doors and the people in them. People move, doors don't: `key` is where they are now."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from linli.residents.terms import LIVING, NEED_BITS, STORED_NEEDS, EntryKind, Presence, Sex, Verdict


class Household(models.Model):
    """The people behind one door. `key` is the door's key; the foreign key to it is in migration 0001."""

    key = models.BigIntegerField()
    client_id = models.UUIDField(null=True, unique=True)
    label = models.CharField(max_length=40, blank=True, default="")  # tells households at one door apart
    note = models.CharField(max_length=400, blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # everyone has left

    class Meta:
        db_table = "household"
        indexes = [models.Index(fields=["key"], name="household_key")]
        constraints = [
            models.UniqueConstraint(name="household_label_once", fields=["key", "label"], condition=Q(ended_at=None)),
            models.UniqueConstraint(name="household_id_key", fields=["id", "key"]),
        ]


class Person(models.Model):
    """Somebody who lives behind a door. ID number and phone are sealed; their hashes find them exactly."""

    household = models.ForeignKey(
        Household, on_delete=models.PROTECT, related_name="people", db_constraint=False, db_index=False
    )
    key = models.BigIntegerField()  # the household's key, kept equal by a composite foreign key with ON UPDATE CASCADE
    client_id = models.UUIDField(null=True, unique=True)
    name = models.CharField(max_length=80)
    sex = models.SmallIntegerField(choices=Sex, default=Sex.UNKNOWN)
    born_on = models.DateField(null=True)
    relation = models.CharField(max_length=20, blank=True, default="")  # to the head of the household, as written
    id_sealed = models.BinaryField(default=b"")
    id_hash = models.BinaryField(null=True)
    phone_sealed = models.BinaryField(default=b"")
    phone_hash = models.BinaryField(null=True)
    needs = models.IntegerField(default=0)
    presence = models.SmallIntegerField(choices=Presence, default=Presence.PRESENT)
    presence_since = models.DateField()
    presence_at = models.DateTimeField(
        null=True
    )  # when that was seen; None: nobody has said so since they were entered
    back_on = models.DateField(null=True)
    note = models.CharField(max_length=400, blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "person"
        indexes = [
            models.Index(fields=["key"], name="person_key"),
            models.Index(fields=["household"], name="person_household"),
            models.Index(fields=["name"], name="person_name"),
            models.Index(fields=["id_hash"], name="person_id", condition=Q(id_hash__isnull=False)),
            models.Index(fields=["phone_hash"], name="person_phone", condition=Q(phone_hash__isnull=False)),
        ]
        constraints = [
            # Nobody lives in two homes. Who has moved out of one may be found in another as somebody new there:
            # the wall may stand between the two.
            models.UniqueConstraint(name="person_id_once", fields=["id_hash"], condition=Q(presence__in=LIVING)),
            models.CheckConstraint(name="person_named", condition=~Q(name="")),
            models.CheckConstraint(name="person_presence", condition=Q(presence__in=[item.value for item in Presence])),
            models.CheckConstraint(name="person_needs", condition=Q(needs__gte=0, needs__lte=int(STORED_NEEDS))),
            models.CheckConstraint(name="person_back", condition=Q(back_on=None) | Q(presence=Presence.AWAY)),
        ]


class UnitCount(models.Model):
    """How many live in a unit and need what: set again in the transaction of every change, so that any sum is exact."""

    lo = models.BigIntegerField(primary_key=True)  # the unit: keys [lo, lo + 2048)
    doors = models.IntegerField()  # behind which somebody lives
    households = models.IntegerField()
    people = models.IntegerField()  # present or away
    present = models.IntegerField()
    needs = ArrayField(models.IntegerField(), size=NEED_BITS)  # people with each stored need, in the order of the bits

    class Meta:
        db_table = "unit_count"
        constraints = [
            models.CheckConstraint(
                name="unit_count_fits",
                condition=Q(doors__gte=0, present__gte=0, people__gte=F("present"), households__gte=F("doors")),
            )
        ]


class Duplicate(models.Model):
    """Two entries that may mean the same person or household, and what was decided. Ids and a certainty, no names."""

    kind = models.SmallIntegerField(choices=EntryKind)
    left_id = models.BigIntegerField()
    right_id = models.BigIntegerField()
    left_key = models.BigIntegerField()  # where the two were when they were found
    right_key = models.BigIntegerField()
    certainty = models.FloatField()
    agreement = models.JSONField(default=dict)  # field -> place of the level they agree on, 0 the closest
    found_at = models.DateTimeField()
    verdict = models.CharField(max_length=9, choices=Verdict, default=Verdict.OPEN)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "duplicate"
        indexes = [models.Index(fields=["left_key"], name="duplicate_left", condition=~Q(verdict="same"))]
        constraints = [
            models.UniqueConstraint(name="duplicate_once", fields=["kind", "left_id", "right_id"]),
            models.CheckConstraint(name="duplicate_of_two", condition=Q(left_id__lt=F("right_id"))),
            models.CheckConstraint(name="duplicate_kind", condition=Q(kind__in=[kind.value for kind in EntryKind])),
            models.CheckConstraint(
                name="duplicate_decided",
                condition=Q(verdict="open", decided_at=None)
                | Q(verdict__in=["later", "different", "same"], decided_at__isnull=False),
            ),
        ]


class Merger(models.Model):
    """One entry that was merged into another, with what undoing it needs. Never deleted: undone, it says so."""

    kind = models.SmallIntegerField(choices=EntryKind)
    key = models.BigIntegerField()  # where the survivor was
    other_key = models.BigIntegerField()  # where the merged one was
    survivor_id = models.BigIntegerField()
    merged_id = models.BigIntegerField()
    within = models.ForeignKey("self", null=True, on_delete=models.PROTECT)  # the household's merger this belongs to
    taken = models.JSONField(default=dict)  # fields the survivor took over -> digest of what it took
    before = models.JSONField(default=dict)  # the survivor's own values of those fields; sealed ones stand beside
    id_sealed = models.BinaryField(default=b"")
    phone_sealed = models.BinaryField(default=b"")
    gone = models.JSONField(default=dict)  # what merging changed in the merged entry
    # Whose the numbers were: a roster that lists the merged entry again finds the survivor by them.
    merged_id_hash = models.BinaryField(null=True)
    merged_phone_hash = models.BinaryField(null=True)
    at = models.DateTimeField()
    account_id = models.BigIntegerField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "merger"
        indexes = [
            models.Index(fields=["kind", "survivor_id"], name="merger_survivor"),
            models.Index(fields=["key"], name="merger_key"),
            models.Index(
                fields=["merged_id_hash"],
                name="merger_merged_id",
                condition=Q(merged_id_hash__isnull=False, undone_at=None),
            ),
        ]
        constraints = [
            models.UniqueConstraint(name="merger_once", fields=["kind", "merged_id"], condition=Q(undone_at=None)),
            models.CheckConstraint(name="merger_of_two", condition=~Q(survivor_id=F("merged_id"))),
            models.CheckConstraint(name="merger_kind", condition=Q(kind__in=[kind.value for kind in EntryKind])),
            models.CheckConstraint(
                name="merger_undone",
                condition=Q(undone_at=None, undone_by=None) | Q(undone_at__isnull=False, undone_by__isnull=False),
            ),
        ]


class MergedInto(models.Model):
    """The id of a merged entry -> the entry that stands for it now, however many mergers later. Follows `Merger`."""

    kind = models.SmallIntegerField(choices=EntryKind)
    merged_id = models.BigIntegerField()
    into_id = models.BigIntegerField()

    class Meta:
        db_table = "merged_into"
        indexes = [models.Index(fields=["kind", "into_id"], name="merged_into_whom")]
        constraints = [
            models.UniqueConstraint(name="merged_into_one", fields=["kind", "merged_id"]),
            models.CheckConstraint(name="merged_into_another", condition=~Q(merged_id=F("into_id"))),
        ]
