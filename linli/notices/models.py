"""Special situations: reported by workers, mostly from phones, and settled by those who answer for the place."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from linli.notices.terms import OUTCOME_LENGTH, What


class Special(models.Model):
    """Something that must be known at once. `key`: the door's, or the first of the place; `text` is sealed: names stand
    in it.
    """

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
