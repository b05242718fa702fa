"""Places: doors and their keys, the tree of divisions and compounds, areas and grids with their spans, outlines.

Tables: `place` (divisions, compounds, buildings, units, overlays), `place_span` (which doors each holds, and when),
`place_alias` (other names and codes), `place_key` (what a name is searched by), `place_outline`, `place_regrid`
(changes of boundaries, with both layouts), `door`.

Publishes `events.DoorsEnding` and `Redrawing`, which a room above may refuse, and `Redrawn`.
"""
