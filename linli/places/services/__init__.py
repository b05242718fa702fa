"""Every write of the room: one transaction and one journal entry each; permission `places.edit` on what is changed."""

from __future__ import annotations

from linli.places.services.any_kind import add_place, move_place, read_kind
from linli.places.services.changes import add_alias, end_place, rename_place
from linli.places.services.divisions import add_division
from linli.places.services.moves import move_compound, move_division
from linli.places.services.overlays import add_overlay, redraw_overlay
from linli.places.services.physical import (
    add_building,
    add_compound,
    add_doors,
    add_unit,
    end_door,
    set_vacant,
)
from linli.places.services.redrawing import undo_regrid
from linli.places.services.regridding import plan_regrid, regrid
from linli.places.services.releases import migrate_divisions

__all__ = [
    "add_alias",
    "add_building",
    "add_compound",
    "add_division",
    "add_doors",
    "add_overlay",
    "add_place",
    "add_unit",
    "end_door",
    "end_place",
    "migrate_divisions",
    "move_compound",
    "move_division",
    "move_place",
    "plan_regrid",
    "read_kind",
    "redraw_overlay",
    "regrid",
    "rename_place",
    "set_vacant",
    "undo_regrid",
]
