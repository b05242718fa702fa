"""Phones' sessions, the server's key pairs, receipts. Keys and tokens are sealed, or kept as digests."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from linli.field.terms import NAME_LENGTH


class FieldKey(models.Model):
    """A key pair that phones seal their session's key to. `private`: PKCS #8, sealed with the data keys."""

    spki = models.BinaryField()
    private = models.BinaryField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "field_key"


class FieldSession(models.Model):
    """A phone that was signed in. `session_key` names a row of `django_session`, as every sign-in has one: ending that
    ends this. Outlives it, because work sealed under `key_sealed` may come long after.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32, unique=True)
    session_key = models.CharField(max_length=40, unique=True)
    device = models.CharField(max_length=NAME_LENGTH, blank=True, default="")
    time_zone = models.CharField(max_length=NAME_LENGTH, blank=True, default="")
    offset_ms = models.BigIntegerField(default=0)
    key_sealed = models.BinaryField(default=b"")
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        db_table = "field_session"
        indexes = [models.Index(fields=["seen_at"], name="field_session_seen")]
        constraints = [
            models.CheckConstraint(name="field_session_time", condition=Q(seen_at__gte=models.F("started_at"))),
        ]


class FieldReceipt(models.Model):
    """A command that was carried out, and what it was given. Marks have receipts of their own (rounds)."""

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=40)
    account_id = models.BigIntegerField()
    event_at = models.DateTimeField()
    device_at = models.DateTimeField()
    received_at = models.DateTimeField()
    given = models.JSONField(default=dict)

    class Meta:
        db_table = "field_receipt"
