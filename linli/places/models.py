"""Tables of places. The rules of the tree are constraints; the ones Django cannot say are in migration 0002."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from linli.places.terms import PARENTS, ROOTED, DoorKind, Kind


def _pairs() -> Q:
    """Which parent kind each kind may have."""
    allowed = Q(parent_kind=None, kind__in=[kind.value for kind in ROOTED])
    for kind, parents in PARENTS.items():
        if parents:
            # IS NOT NULL, because a CHECK that comes out as NULL passes.
            allowed |= Q(
                kind=kind.value, parent_kind__isnull=False, parent_kind__in=[parent.value for parent in parents]
            )
    return allowed


class Place(models.Model):
    """A city, district, street, community, area, grid, compound, building or unit.

    `lo`, `hi`: for compounds, buildings and units the block of keys they are; for communities the reserve in which new
    compounds get their keys (what a community *holds* is in `PlaceSpan`). Blocks of one kind have one size and lie on
    its grid, so two of them never overlap when their `lo` differs, and a child lies in its parent when `parent_lo` is
    its own `lo` rounded down.
    """

    kind = models.SmallIntegerField(choices=Kind)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    sort = models.IntegerField(default=0)  # order among siblings: building 2 before building 10
    # The composite foreign keys of migration 0002 hold the parent; a plain one beside them would only cost time.
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="children", db_constraint=False, db_index=False
    )
    parent_kind = models.SmallIntegerField(null=True, choices=Kind)
    lo = models.BigIntegerField(null=True)
    hi = models.BigIntegerField(null=True)
    parent_lo = models.BigIntegerField(null=True)
    doors = models.IntegerField(default=0)  # of a unit: how many doors are in use; counts are kept at the unit
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)  # dissolved; its code and keys are never given again

    class Meta:
        db_table = "place"
        indexes = [
            models.Index(fields=["parent", "sort", "id"], name="place_parent_sort"),
            # By name, the wide first; of a kind in key order: "1单元" is the name of 30,000 places.
            models.Index(fields=["name", "kind", "lo"], name="place_name_kind"),
            # What stands in an extent is counted from this index alone.
            models.Index(
                fields=["lo"], include=["kind", "doors"], name="place_counts", condition=Q(kind__gte=70, ended_at=None)
            ),
        ]
        constraints = [
            models.CheckConstraint(name="place_kind", condition=Q(kind__in=[kind.value for kind in Kind])),
            models.CheckConstraint(name="place_parent_kind", condition=_pairs()),
            models.CheckConstraint(
                name="place_parent_whole",
                condition=Q(parent=None, parent_kind=None) | Q(parent__isnull=False, parent_kind__isnull=False),
            ),
            models.CheckConstraint(name="place_name_said", condition=~Q(name="") & ~Q(code="")),
            models.UniqueConstraint(name="place_block_once", fields=["kind", "lo"]),
            models.CheckConstraint(name="place_doors", condition=Q(doors=0) | Q(kind=Kind.UNIT, doors__gt=0)),
            models.CheckConstraint(
                name="place_ends_after", condition=Q(ended_at=None) | Q(ended_at__gte=F("created_at"))
            ),
        ]


class PlaceSpan(models.Model):
    """Which doors a place holds, and when: [lo, hi) of keys during [since, until).

    Of one kind no two places hold a key at the same time (exclusion constraint), and a row lies inside a row of its
    parent, in
    keys and in time (composite foreign key and checks).
    """

    place = models.ForeignKey(
        Place, on_delete=models.PROTECT, related_name="spans", db_constraint=False, db_index=False
    )
    kind = models.SmallIntegerField(choices=Kind)
    lo = models.BigIntegerField()
    hi = models.BigIntegerField()
    since = models.DateTimeField()
    until = models.DateTimeField()  # terms.FOREVER while it lasts
    parent_span = models.ForeignKey("self", on_delete=models.PROTECT, null=True, db_constraint=False)
    parent_place_id = models.BigIntegerField(null=True)
    parent_lo = models.BigIntegerField(null=True)
    parent_hi = models.BigIntegerField(null=True)
    parent_since = models.DateTimeField(null=True)
    parent_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "place_span"
        indexes = [
            models.Index(fields=["place", "until"], name="place_span_place"),
            models.Index(fields=["kind", "lo", "hi"], name="place_span_kind_lo"),
        ]
        constraints = [
            models.CheckConstraint(name="place_span_keys", condition=Q(lo__gte=0, lo__lt=F("hi"))),
            models.CheckConstraint(name="place_span_time", condition=Q(since__lt=F("until"))),
        ]


class PlaceAlias(models.Model):
    """Another code or name under which a place is found: an old code after a move, a name in daily use, the code and
    the name of a place that was dissolved into this one.

    `since`, `until`: when it was in use, as far as known; `former`: the dissolved place that bore it.
    """

    place = models.ForeignKey(Place, on_delete=models.CASCADE, related_name="aliases")
    text = models.CharField(max_length=120)
    former = models.ForeignKey(Place, on_delete=models.CASCADE, null=True, related_name="successors")
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)

    class Meta:
        db_table = "place_alias"
        constraints = [models.UniqueConstraint(name="place_alias_once", fields=["place", "text"])]
        indexes = [models.Index(fields=["text"], name="place_alias_text")]


class PlaceKey(models.Model):
    """A key under which a name is found (places/spelling.py). Of names, not of places: see places/keys.py."""

    pk = models.CompositePrimaryKey("name", "key")
    name = models.CharField(max_length=120)
    key = models.CharField(max_length=40)
    start = models.SmallIntegerField()
    form = models.SmallIntegerField()

    class Meta:
        db_table = "place_key"
        indexes = [models.Index(fields=["key"], name="place_key_begins", opclasses=["varchar_pattern_ops"])]
        constraints = [
            models.CheckConstraint(name="place_key_said", condition=~Q(key="") & ~Q(name="")),
            models.CheckConstraint(name="place_key_form", condition=Q(form__gte=0, form__lte=3, start__gte=0)),
        ]


class PlaceRegrid(models.Model):
    """One change of boundaries: who held which doors before and after, so that it can be shown and taken back.

    `before`, `after`: see places/layouts.py.
    """

    kind = models.SmallIntegerField(choices=Kind)
    since = models.DateTimeField()
    made_at = models.DateTimeField()
    made_by = models.BigIntegerField()
    before = models.JSONField()
    after = models.JSONField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.BigIntegerField(null=True)

    class Meta:
        db_table = "place_regrid"
        indexes = [models.Index(fields=["-made_at"], name="place_regrid_made")]
        constraints = [
            models.CheckConstraint(
                name="place_regrid_undone",
                condition=Q(undone_at=None, undone_by=None) | Q(undone_at__gte=F("made_at"), undone_by__isnull=False),
            )
        ]


class PlaceOutline(models.Model):
    """The shape of a place, GeoJSON geometry in WGS-84, with its bounding box for quick picking."""

    place = models.OneToOneField(Place, on_delete=models.CASCADE, primary_key=True, related_name="outline")
    geometry = models.JSONField()
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()
    source = models.CharField(max_length=120, blank=True)

    class Meta:
        db_table = "place_outline"
        constraints = [
            models.CheckConstraint(
                name="place_outline_box",
                condition=Q(
                    west__gte=-180,
                    east__lte=180,
                    south__gte=-90,
                    north__lte=90,
                    west__lte=F("east"),
                    south__lte=F("north"),
                ),
            )
        ]


class Door(models.Model):
    """Any space with a lock. Its key is given once, never changed, never used again: doors are ended, not deleted."""

    key = models.BigIntegerField(primary_key=True)
    unit = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    unit_kind = models.SmallIntegerField(default=Kind.UNIT)
    unit_lo = models.BigIntegerField()
    number = models.CharField(max_length=20)
    kind = models.SmallIntegerField(choices=DoorKind, default=DoorKind.DWELLING)
    floor = models.SmallIntegerField(null=True)
    position = models.IntegerField(default=0)  # walking order inside the unit
    vacant_since = models.DateField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "door"
        constraints = [
            models.UniqueConstraint(name="door_number_once", fields=["unit", "number"]),
            models.CheckConstraint(name="door_kind", condition=Q(kind__in=[kind.value for kind in DoorKind])),
            models.CheckConstraint(name="door_number_said", condition=~Q(number="")),
        ]
