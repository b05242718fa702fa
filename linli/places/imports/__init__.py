"""What can be imported into the tree: divisions, compounds with buildings and units, outlines, redrawn grids."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from linli.core import importers
from linli.core.importers import Ask, Importer
from linli.places.datums import Datum
from linli.places.imports import compounds, divisions, grids, outlines
from linli.places.imports import release as release  # registers its kind of job


def register() -> None:
    """Called when the application is ready."""
    importers.register(
        Importer(
            kind=divisions.KIND, label=divisions.LABEL, about=divisions.ABOUT, permission=divisions.PERMISSION,
            work=divisions.import_divisions, order=10, icon="map-2", spec=divisions.DIVISIONS_SHEET,
            sample=divisions.SAMPLE,
        )
    )  # fmt: skip
    importers.register(
        Importer(
            kind=compounds.KIND, label=compounds.LABEL, about=compounds.ABOUT, permission=compounds.PERMISSION,
            work=compounds.import_compounds, order=20, icon="building-community", spec=compounds.COMPOUNDS_SHEET,
            sample=compounds.SAMPLE,
        )
    )  # fmt: skip
    importers.register(
        Importer(
            kind=outlines.KIND, label=outlines.LABEL, about=outlines.ABOUT, permission=outlines.PERMISSION,
            work=outlines.import_outlines, order=30, icon="polygon", suffixes=(".geojson", ".json"),
            asks=(
                Ask(
                    "datum", _("Datum of the coordinates"),
                    _("wgs84 (GPS), gcj02 (Amap, Tencent) or bd09 (Baidu). Whoever made the file knows."),
                    choices=Datum.choices,
                ),
            ),
        )
    )  # fmt: skip
    importers.register(
        Importer(
            kind=grids.KIND, label=grids.LABEL, about=grids.ABOUT, permission=grids.PERMISSION,
            work=grids.import_grids, order=35, icon="layout-grid", spec=grids.GRIDS_SHEET, sample=grids.SAMPLE,
            asks=(
                Ask(
                    "layer", _("Boundaries of what"), _("Every row of the sheet speaks of this kind."),
                    choices=[(kind.name.lower(), kind.label) for kind in grids.ORDER],
                ),
            ),
        )
    )  # fmt: skip
