"""Identity, tokens, the journal and the list of jobs."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models


class AccountManager(BaseUserManager["Account"]):
    def create_user(self, username: str, password: str | None = None, **extra: Any) -> Account:
        account = self.model(username=username, **extra)
        account.set_password(password)
        account.save()
        return account

    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(username=username)


class Account(AbstractBaseUser):
    """Who somebody is. What they may do comes from appointments alone."""

    username = models.CharField(max_length=40, unique=True, validators=[RegexValidator(r"^[\w.@-]+$")])
    name = models.CharField(max_length=80)
    is_active = models.BooleanField(default=True)
    language = models.CharField(max_length=10, blank=True, default="")
    large_type = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = AccountManager()

    class Meta:
        db_table = "account"


class ApiToken(models.Model):
    """A key for a machine: acts for its account, within its scopes, until it expires. Only its digest is kept."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    digest = models.BinaryField(max_length=32, unique=True)
    scopes = ArrayField(models.CharField(max_length=40))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_token"
        constraints = [
            models.CheckConstraint(name="api_token_expires", condition=models.Q(expires_at__gt=models.F("created_at")))
        ]


class JournalEntry(models.Model):
    at = models.DateTimeField()
    account_id = models.BigIntegerField()
    account_name = models.CharField(max_length=80)
    appointment_id = models.BigIntegerField(null=True)
    origin = models.CharField(max_length=8)
    verb = models.CharField(max_length=60)
    key = models.BigIntegerField(default=0)
    subject = models.CharField(max_length=80, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "journal_entry"
        indexes = [
            models.Index(fields=["key", "-id"], name="journal_key"),
            models.Index(fields=["at"], name="journal_at"),
            models.Index(fields=["account_name", "-id"], name="journal_account"),
            models.Index(fields=["verb", "-id"], name="journal_verb"),
            models.Index(fields=["subject", "-id"], name="journal_subject", condition=~models.Q(subject="")),
        ]


class Job(models.Model):
    """Long work: who asked for it, how far it is, what came of it. `procrastinate` carries it out."""

    class State(models.TextChoices):
        QUEUED = "queued"
        DOING = "doing"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=60)
    params = models.JSONField(default=dict)
    account_id = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    step = models.CharField(max_length=120, blank=True)
    result = models.JSONField(null=True)
    error = models.JSONField(null=True)
    attempts = models.SmallIntegerField(default=0)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "job"
        indexes = [models.Index(fields=["account_id", "-created_at"], name="job_account")]
        constraints = [
            models.CheckConstraint(
                name="job_ended",
                condition=models.Q(state__in=["queued", "doing"], ended_at=None)
                | models.Q(state__in=["done", "failed"], ended_at__isnull=False),
            )
        ]


class ImportColumns(models.Model):
    """What an account has said about the columns of its sheets: see linli.core.import_columns."""

    account_id = models.BigIntegerField()
    kind = models.CharField(max_length=60)
    signature = models.CharField(max_length=64)
    chosen = models.JSONField()
    saved_at = models.DateTimeField()

    class Meta:
        db_table = "import_columns"
        constraints = [
            models.UniqueConstraint(fields=["account_id", "kind", "signature"], name="import_columns_once"),
        ]


class SealBlock(models.Model):
    """A block of sealed entries: see linli.core.seals. Written by the sealing job; only `sent_at` changes."""

    number = models.BigIntegerField(primary_key=True)
    source = models.CharField(max_length=20)
    form = models.SmallIntegerField()
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    count = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32, unique=True)
    hash = models.BinaryField(max_length=32)
    mac = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "seal_block"
        indexes = [models.Index(fields=["number"], condition=models.Q(sent_at=None), name="seal_block_unsent")]
        constraints = [
            models.UniqueConstraint(fields=["source", "first"], name="seal_block_once"),
            models.CheckConstraint(
                name="seal_block_range",
                condition=models.Q(number__gte=1, count__gte=1, first__lte=models.F("last")),
            ),
        ]


class PeriodicRun(models.Model):
    """When each piece of periodic work last ran, and how it ended: see linli.core.schedule."""

    name = models.CharField(max_length=60, primary_key=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=200, blank=True)
    error = models.CharField(max_length=400, blank=True)

    class Meta:
        db_table = "periodic_run"
