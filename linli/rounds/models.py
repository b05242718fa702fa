"""Rounds and their scopes. Marks, states, tallies and receipts are tables of their own making in migration 0001:
partitioned, and written only by the room's SQL (linli/rounds/sql)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from linli.rounds.terms import CountBy, RoundKind, RoundState


class Round(models.Model):
    """One pass over every person or household of a scope."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=8, choices=RoundKind)
    count_by = models.SmallIntegerField(choices=CountBy, default=CountBy.PERSON)
    state = models.CharField(max_length=8, choices=RoundState, default=RoundState.DRAFT)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()  # by when everyone should be reached
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    part = models.IntegerField(null=True)  # the partition of its states; see rounds/partitions.py
    certificate = models.JSONField(null=True)  # the figures at closing
    created_at = models.DateTimeField()
    created_by = models.BigIntegerField()

    class Meta:
        db_table = "round"
        constraints = [
            models.CheckConstraint(name="round_time", condition=Q(starts_at__lt=F("ends_at"))),
            models.CheckConstraint(name="round_kind", condition=Q(kind__in=[kind.value for kind in RoundKind])),
            models.CheckConstraint(name="round_count_by", condition=Q(count_by__in=[item.value for item in CountBy])),
            models.CheckConstraint(
                name="round_state",
                condition=Q(state="draft", opened_at=None, closed_at=None)
                | Q(state="open", opened_at__isnull=False, closed_at=None, part__isnull=False)
                | Q(state="closed", opened_at__isnull=False, closed_at__gte=F("opened_at"), certificate__isnull=False),
            ),
        ]


class RoundSpan(models.Model):
    """The scope of a round: the doors it goes to, exclusions already taken out."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="spans")
    lo = models.BigIntegerField()
    hi = models.BigIntegerField()

    class Meta:
        db_table = "round_span"
        indexes = [models.Index(fields=["round", "lo"], name="round_span_lo")]
        constraints = [models.CheckConstraint(name="round_span_keys", condition=Q(lo__gte=0, lo__lt=F("hi")))]
