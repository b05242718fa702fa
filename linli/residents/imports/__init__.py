"""Rosters: the sheets in which street offices keep who lives where, into the register.

The rules, in the order in which they bite:

- *Address.* Compound, building and unit have to be known (`addresses`); doors are made when they are missing.
  Rows outside the places for which the importer holds `residents.import` are refused.
- *Person.* Whoever has an ID number is found by it, wherever they live: a person moved in the sheet moves.
  Without one (in the sheet or in the register), by door, name and date of birth. Who cannot be told is
  rejected, never guessed.
- *Twice.* One ID number at two doors is rejected on both rows; the same row again is unchanged. Who is 搬走 at
  one door may stand as living at another.
- *Household.* People behind one door belong to one household, unless a column 户号 tells households apart or a
  second 户主 begins a new one; rows before the first 户主 belong to the first. A household whose people are
  known already keeps them: no order of rows makes a new one.
- *Empty cells* leave the register as it is; 否 takes a mark of need away. Whoever is not in the sheet is left alone.
- *空户* means that nobody lives there: people registered behind the door have moved out.

One transaction: a cut or killed import leaves nothing behind. One journal entry, one `PeopleChanged`. The
account balances: rows in = created + updated + unchanged + rejected.
"""

from linli.residents.imports.roster import KIND, RosterReport, import_roster
from linli.residents.imports.spec import ROSTER
from linli.residents.imports.template import write_template

__all__ = ["KIND", "ROSTER", "RosterReport", "import_roster", "write_template"]
