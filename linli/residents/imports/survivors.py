"""SQL that finds, for a roster's rows, the person somebody was merged into: the sheet may be older than the merging.

A row may name the merged entry by the ID number it had, or by its door, name and date of birth. It then speaks of the
survivor, and what it says in the very words of the merged entry has been decided by whoever merged the two: where they
live, which name stands. What it says besides is news, as in any other row.

`roster_via`: row → merged entry and survivor. `roster_said`: of these rows, what the merged entry said.
"""

from __future__ import annotations

TABLES = "CREATE TEMP TABLE roster_via (n integer, merged_id bigint, person_id bigint) ON COMMIT DROP"
BY_ID = (
    """
    INSERT INTO roster_via (n, merged_id, person_id)
    SELECT DISTINCT ON (f.n) f.n, v.id, s.id
    FROM roster_fit f
    JOIN merger g ON g.merged_id_hash = f.id_hash AND g.kind = 1 AND g.undone_at IS NULL
    JOIN merged_into i ON i.kind = 1 AND i.merged_id = g.merged_id
    JOIN person v ON v.id = g.merged_id
    JOIN person s ON s.id = i.into_id
    WHERE f.person_id IS NULL AND NOT f.vacant AND (f.lives OR s.key = f.key)
    ORDER BY f.n, v.key = f.key DESC, g.id DESC
    """,
    "UPDATE roster_fit f SET person_id = v.person_id FROM roster_via v WHERE v.n = f.n",
    # The survivor has taken over the number: found by it, but what is listed is the merged entry, at its door.
    """
    INSERT INTO roster_via (n, merged_id, person_id)
    SELECT DISTINCT ON (f.n) f.n, v.id, s.id
    FROM roster_fit f
    JOIN person s ON s.id = f.person_id
    JOIN merged_into i ON i.kind = 1 AND i.into_id = s.id
    JOIN person v ON v.id = i.merged_id AND v.key = f.key
    JOIN merger g ON g.kind = 1 AND g.merged_id = v.id AND g.undone_at IS NULL
    WHERE (s.key <> f.key AND (v.name = f.name OR g.merged_id_hash = f.id_hash) OR v.name = f.name AND s.name <> f.name)
      AND NOT EXISTS (SELECT 1 FROM roster_via a WHERE a.n = f.n)
    ORDER BY f.n, v.name = f.name DESC, v.id
    """,
)
# By door, name and date of birth, as people are found who were not merged; another ID number is another person.
BY_NAME = (
    """
    INSERT INTO roster_via (n, merged_id, person_id)
    SELECT n, min(merged_id), min(person_id) FROM (
        SELECT f.n, v.id AS merged_id, s.id AS person_id,
               rank() OVER (PARTITION BY f.n ORDER BY v.born_on IS NOT DISTINCT FROM f.born_on DESC) AS best
        FROM roster_fit f
        JOIN person v ON v.key = f.key AND v.name = f.name AND v.presence = 5
        JOIN merged_into i ON i.kind = 1 AND i.merged_id = v.id
        JOIN merger g ON g.kind = 1 AND g.merged_id = v.id AND g.undone_at IS NULL
        JOIN person s ON s.id = i.into_id
        WHERE f.person_id IS NULL AND NOT f.vacant AND (f.lives OR s.key = f.key)
          AND (f.id_hash IS NULL OR g.merged_id_hash IS NULL AND s.id_hash IS NULL)
          AND (v.born_on IS NULL OR f.born_on IS NULL OR v.born_on = f.born_on)) c
    WHERE best = 1 GROUP BY n HAVING count(DISTINCT person_id) = 1
    """,
    "UPDATE roster_fit f SET person_id = v.person_id FROM roster_via v WHERE v.n = f.n AND f.person_id IS NULL",
)
SETTLE = (
    """
    CREATE TEMP TABLE roster_said ON COMMIT DROP AS
    SELECT a.n, a.person_id, v.key AS door, s.key AS home, s.presence IN (1, 2) AS living, v.name, v.sex, v.born_on,
           v.relation, g.merged_id_hash AS id_hash, g.merged_phone_hash AS phone_hash, v.needs,
           (g.gone ->> 'presence')::smallint AS presence, v.note
    FROM roster_via a JOIN person v ON v.id = a.merged_id JOIN person s ON s.id = a.person_id
    JOIN merger g ON g.kind = 1 AND g.merged_id = a.merged_id AND g.undone_at IS NULL
    """,
    # The survivor has a row of their own, or lives where the actor may not write: this row changes nothing.
    """
    INSERT INTO roster_same
    SELECT x.n FROM (
        SELECT q.n, q.living, q.home, row_number() OVER (PARTITION BY q.person_id ORDER BY q.n) AS i,
               EXISTS (SELECT 1 FROM roster_fit o WHERE o.person_id = q.person_id
                       AND NOT EXISTS (SELECT 1 FROM roster_via a WHERE a.n = o.n)) AS has_own
        FROM roster_said q JOIN roster_fit f USING (n) WHERE f.key IN (q.door, q.home)) x
    WHERE x.has_own OR x.i > 1
       OR x.living AND NOT EXISTS (SELECT 1 FROM unnest(%(los)s::bigint[], %(his)s::bigint[]) AS h (lo, hi)
                                   WHERE x.home >= h.lo AND x.home < h.hi)
    """,
    """
    DELETE FROM roster_fit f USING roster_said q
    WHERE q.n = f.n AND EXISTS (SELECT 1 FROM roster_same s WHERE s.n = f.n)
    """,
    # At the merged entry's door: the survivor stays where they live.
    """
    UPDATE roster_fit f SET lives = false FROM roster_said q
    WHERE q.n = f.n AND f.lives AND q.living AND f.key = q.door AND q.home <> f.key
    """,
    "ANALYZE roster_said",
)
# Whoever came over with a merged household heads none of their own again.
HEADS = """
UPDATE roster_fit f SET head = false
FROM person p, merger g, merged_into i
WHERE f.head AND f.lives AND p.id = f.person_id AND p.key = f.key
  AND g.kind = 2 AND g.key = f.key AND g.undone_at IS NULL AND g.gone -> 'moved' @> to_jsonb(p.id)
  AND i.kind = 2 AND i.merged_id = g.merged_id AND i.into_id = p.household_id
"""
# The label of a merged household stands for the one it was merged into.
LABELS = """
UPDATE roster_labelled l SET id = s.id
FROM household h, merged_into i, household s
WHERE h.key = l.key AND h.label = l.label AND h.ended_at IS NOT NULL AND i.kind = 2 AND i.merged_id = h.id
  AND s.id = i.into_id AND s.key = l.key AND s.ended_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM household o WHERE o.key = l.key AND o.label = l.label AND o.ended_at IS NULL)
"""
