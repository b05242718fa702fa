"""Appointments: the only source of authority."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from linli.duty.terms import Role


class Appointment(models.Model):
    """An account holds a role at a place during [since, until). No appointment, no access. Withdrawn before it began:
    `until` equals `since`."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="appointments")
    role = models.CharField(max_length=20, choices=Role)
    place = models.ForeignKey("places.Place", on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)  # null: until ended
    created_at = models.DateTimeField()
    created_by = models.BigIntegerField()
    ended_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "appointment"
        indexes = [models.Index(fields=["account", "since"], name="appointment_account")]
        constraints = [
            models.CheckConstraint(name="appointment_role", condition=Q(role__in=[role.value for role in Role])),
            models.CheckConstraint(name="appointment_time", condition=Q(until=None) | Q(until__gte=F("since"))),
        ]
