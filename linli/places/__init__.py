"""Places: doors and their keys, the tree of divisions and compounds, areas and grids with their spans, outlines.

Tables: place, place_span, place_alias, place_outline, door. Events: DoorsEnding, PlaceMoved.
"""
