"""What the room offers on the import page and to `linli import`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core import importers, jobs
from linli.core.importers import Importer, Outcome, Source
from linli.residents.imports import KIND, ROSTER, import_roster
from linli.residents.imports.addresses import IMPORT
from linli.residents.imports.template import EXAMPLES, example_for


def import_residents(run: jobs.Run, source: Source) -> Outcome:
    """The job of a roster; see `imports` for its rules."""
    report = import_roster(
        source.path,
        name=source.name,
        actor=run.actor,
        at=run.at,
        columns=source.columns,
        is_rehearsal=run.is_rehearsal,
        progress=run.progress,
    )
    return Outcome(
        account=report.account,
        rejections=report.rejections,
        facts=[
            (_("Doors new"), report.doors_created),
            (_("Households new"), report.households_created),
            (_("People moved, left or back"), report.moved),
        ],
        notes=report.warnings(),
    )


def register() -> None:
    importers.register(
        Importer(
            kind=KIND,
            label=_("Roster of residents"),
            about=_(
                "Who lives where: one row a person, with compound, building, unit and door. Sent again it updates and"
                " doubles nobody. Compounds, buildings and units have to be known; doors are made."
            ),
            permission=IMPORT,
            work=import_residents,
            order=20,
            icon="users",
            spec=ROSTER,
            sample=[example_for(ROSTER, row) for row in EXAMPLES],
        )
    )
