"""The ways into an account. Secrets are sealed or kept as keyed digests; passkeys are public keys."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from linli.accounts.terms import AGENT_LENGTH, NAME_LENGTH, Way


class SecondFactor(models.Model):
    """The authenticator app of an account, and since when the account has known that it needs a second factor.

    `last_step`: the time step of the last code taken; none of it or before it is taken again.
    """

    account = models.OneToOneField(settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE)
    told_at = models.DateTimeField(null=True)
    secret = models.BinaryField(default=b"")
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)

    class Meta:
        db_table = "second_factor"
        constraints = [
            models.CheckConstraint(name="second_factor_secret", condition=Q(confirmed_at=None) | ~Q(secret=b""))
        ]


class RecoveryCode(models.Model):
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "recovery_code"
        constraints = [models.UniqueConstraint(fields=["account", "digest"], name="recovery_code_once")]


class Passkey(models.Model):
    """`public_key`: the authenticator's attested credential data (WebAuthn, section 6.5.1)."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    credential_id = models.BinaryField(unique=True)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)
    name = models.CharField(max_length=NAME_LENGTH)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "passkey"
        indexes = [models.Index(fields=["account"], name="passkey_account")]


class AccountSession(models.Model):
    """A session as its owner sees it. Ending it deletes the row of `django_session` it names."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    session_key = models.CharField(max_length=40, unique=True)
    way = models.CharField(max_length=12, choices=Way)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=AGENT_LENGTH, blank=True)
    device = models.CharField(max_length=NAME_LENGTH, blank=True, default="", db_default="")
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "account_session"
        indexes = [models.Index(fields=["account", "-started_at"], name="account_session_account")]
        constraints = [
            models.CheckConstraint(name="account_session_time", condition=Q(seen_at__gte=F("started_at"))),
            models.CheckConstraint(name="account_session_way", condition=Q(way__in=[way.value for way in Way])),
        ]


class SignInGuard(models.Model):
    """Failed attempts at one account name or from one network, known by a keyed digest of it. Whether there is such an
    account makes no difference."""

    subject = models.BinaryField(primary_key=True, max_length=16)
    failures = models.IntegerField(default=0)
    last_at = models.DateTimeField()
    locked_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "sign_in_guard"
        indexes = [models.Index(fields=["last_at"], name="sign_in_guard_last")]
        constraints = [models.CheckConstraint(name="sign_in_guard_failures", condition=Q(failures__gte=0))]


class Invitation(models.Model):
    """A link to an account: whoever holds it chooses the password, once, until `expires_at`."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField()
    created_by = models.BigIntegerField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "invitation"
        indexes = [models.Index(fields=["created_by", "-id"], name="invitation_by")]
        constraints = [
            models.CheckConstraint(name="invitation_time", condition=Q(expires_at__gt=F("created_at"))),
            models.CheckConstraint(name="invitation_end", condition=Q(used_at=None) | Q(revoked_at=None)),
            models.UniqueConstraint(
                name="invitation_one_open", fields=["account"], condition=Q(used_at=None, revoked_at=None)
            ),
        ]
