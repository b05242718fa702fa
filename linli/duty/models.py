"""Appointments, the only source of authority; the people behind them; volunteers and their claims."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from linli.duty.terms import CLAIMABLE, ClaimState, OfficerKind, Role


class Organisation(models.Model):
    """Where people are drawn from: an office, a company, a school."""

    name = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "organisation"
        constraints = [models.CheckConstraint(name="organisation_named", condition=~Q(name=""))]


class Staff(models.Model):
    """What is known of an account besides its name: the phone, sealed. One phone is one person."""

    account = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True)
    phone = models.BinaryField(default=b"")
    phone_hash = models.BinaryField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "staff"
        constraints = [models.UniqueConstraint(name="staff_phone_once", fields=["phone_hash"])]


class WorkTeam(models.Model):
    """People drawn together for one place, mostly a compound, during [since, until)."""

    place = models.ForeignKey("places.Place", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    created_by = models.BigIntegerField()

    class Meta:
        db_table = "work_team"
        constraints = [
            models.CheckConstraint(name="work_team_named", condition=~Q(name="")),
            models.CheckConstraint(name="work_team_time", condition=Q(until=None) | Q(until__gte=F("since"))),
        ]


class Appointment(models.Model):
    """An account holds a role at a place during [since, until). No appointment, no access. Withdrawn before it began:
    `until` equals `since`.

    A post is role x place x seat: one at a time holds it, and one at a time is its deputy (docs/adr/0007).
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="appointments")
    role = models.CharField(max_length=20, choices=Role)
    place = models.ForeignKey("places.Place", on_delete=models.PROTECT, related_name="+")
    seat = models.SmallIntegerField(default=1)
    is_deputy = models.BooleanField(default=False)
    officer_kind = models.CharField(max_length=10, choices=OfficerKind, blank=True, default="")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey(WorkTeam, on_delete=models.PROTECT, null=True, related_name="members")
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
            models.CheckConstraint(name="appointment_seat", condition=Q(seat__gt=0)),
            models.CheckConstraint(
                name="appointment_officer_kind",
                condition=Q(officer_kind="")
                | Q(officer_kind__in=[kind.value for kind in OfficerKind], role=Role.INFORMATION_OFFICER.value),
            ),
            models.CheckConstraint(
                name="appointment_team",
                condition=Q(team=None) | Q(role__in=[Role.TEAM_LEADER.value, Role.TEAM_MEMBER.value]),
            ),
        ]


class Volunteer(models.Model):
    """Somebody who offered to help near their home. `home_lo`: the first key of the home's unit."""

    account = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, primary_key=True)
    home = models.ForeignKey("places.Place", on_delete=models.PROTECT, related_name="+")
    home_lo = models.BigIntegerField()
    registered_at = models.DateTimeField()

    class Meta:
        db_table = "volunteer"
        indexes = [models.Index(fields=["home_lo"], name="volunteer_home")]


class Claim(models.Model):
    """A volunteer asks for a vacant post. `lo`: the first key of its place; `asked`: who is to decide, as things stand.

    The claim moves with the post of whoever is asked.
    """

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20, choices=[(role.value, role.label) for role in CLAIMABLE])
    place = models.ForeignKey("places.Place", on_delete=models.PROTECT, related_name="+")
    lo = models.BigIntegerField()
    asked = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=ClaimState, default=ClaimState.WAITING)
    made_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True, default="")
    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "claim"
        indexes = [models.Index(fields=["lo"], condition=Q(state="waiting"), name="claim_waiting")]
        constraints = [
            models.CheckConstraint(name="claim_role", condition=Q(role__in=[role.value for role in CLAIMABLE])),
            models.CheckConstraint(name="claim_state", condition=Q(state__in=[state.value for state in ClaimState])),
            models.CheckConstraint(
                name="claim_decided",
                condition=Q(state="waiting", decided_at=None) | (~Q(state="waiting") & Q(decided_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="claim_appointed",
                condition=Q(state="confirmed", appointment__isnull=False)
                | (~Q(state="confirmed") & Q(appointment=None)),
            ),
            models.UniqueConstraint(
                name="claim_once", fields=["account", "role", "place"], condition=Q(state="waiting")
            ),
        ]
