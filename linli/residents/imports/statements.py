"""The SQL of a roster's merge, in the order in which `merge` runs it.

`roster` are the staged rows (`staging`); `roster_fit` those that go on, one line each, with what was found out
about them; `roster_bad` those that do not, and why; `roster_same` those that only repeat another row.
"""

from __future__ import annotations

from linli.residents.imports.survivors import BY_ID, BY_NAME, HEADS, LABELS

# In a subquery the sequence is looked up once, not for every row.
_NEXT = "(SELECT pg_get_serial_sequence('{}', 'id')::regclass)"

# --- what a sheet may not say twice ------------------------------------------------------------------

DOUBLES = (
    # Two homes for one ID number: nobody but the office knows which is right. Who moved out of one may live in another.
    """
    INSERT INTO roster_bad (n, field, code, other)
    SELECT a.n, 'id_number', 'two_homes', min(b.n)
    FROM roster a JOIN roster b ON b.id_hash = a.id_hash AND (b.lo, b.number) <> (a.lo, a.number)
    WHERE coalesce(a.presence, 1) IN (1, 2) AND coalesce(b.presence, 1) IN (1, 2) AND NOT a.vacant AND NOT b.vacant
    GROUP BY a.n
    """,
    # The same person twice behind one door: the same words are one row, other words a contradiction.
    """
    WITH d AS (
        SELECT n, body, first_value(n) OVER w AS first, first_value(body) OVER w AS first_body,
               count(*) OVER (PARTITION BY lo, number, id_hash, CASE WHEN id_hash IS NULL THEN name END,
                                           CASE WHEN id_hash IS NULL THEN born_on END) AS times,
               id_hash IS NOT NULL AS by_id
        FROM roster r WHERE NOT vacant AND NOT EXISTS (SELECT 1 FROM roster_bad b WHERE b.n = r.n)
        WINDOW w AS (PARTITION BY lo, number, id_hash, CASE WHEN id_hash IS NULL THEN name END,
                                  CASE WHEN id_hash IS NULL THEN born_on END ORDER BY n)
    ), same AS (
        INSERT INTO roster_same SELECT n FROM d WHERE n <> first AND body = first_body
    )
    INSERT INTO roster_bad (n, field, code, other)
    SELECT n, CASE WHEN by_id THEN 'id_number' ELSE 'name' END,
           CASE WHEN by_id THEN 'person_twice' ELSE 'person_unclear' END, first
    FROM d WHERE n <> first AND body <> first_body
    """,
    # Without an ID number, beside a namesake who has one: perhaps the same person.
    """
    INSERT INTO roster_bad (n, field, code, other)
    SELECT a.n, 'name', 'person_unclear', min(b.n)
    FROM roster a JOIN roster b ON (b.lo, b.number, b.name) = (a.lo, a.number, a.name) AND b.n <> a.n
    WHERE a.id_hash IS NULL AND NOT a.vacant AND NOT b.vacant
      AND (b.id_hash IS NOT NULL OR a.born_on IS NULL AND b.born_on IS NOT NULL)
      AND (a.born_on IS NULL OR b.born_on IS NULL OR a.born_on = b.born_on)
      AND NOT EXISTS (SELECT 1 FROM roster_bad x WHERE x.n IN (a.n, b.n))
      AND NOT EXISTS (SELECT 1 FROM roster_same x WHERE x.n = a.n)
    GROUP BY a.n
    """,
    # An empty home with somebody in it.
    """
    INSERT INTO roster_bad (n, field, code, other)
    SELECT a.n, 'status', 'not_vacant', min(b.n)
    FROM roster a JOIN roster b ON (b.lo, b.number) = (a.lo, a.number)
    WHERE a.vacant AND NOT b.vacant AND coalesce(b.presence, 1) IN (1, 2) GROUP BY a.n
    """,
    """
    INSERT INTO roster_same
    SELECT n FROM (SELECT n, row_number() OVER (PARTITION BY lo, number ORDER BY n) AS i FROM roster WHERE vacant) v
    WHERE i > 1 AND NOT EXISTS (SELECT 1 FROM roster_bad b WHERE b.n = v.n)
    """,
)

# --- doors and people ---------------------------------------------------------------------------------

DOORS = """
CREATE TEMP TABLE roster_wanted_door ON COMMIT DROP AS
SELECT DISTINCT unit_id, number, NULL::smallint AS floor FROM roster r
WHERE coalesce(presence, 1) IN (1, 2)
  AND NOT EXISTS (SELECT 1 FROM roster_bad b WHERE b.n = r.n)
  AND NOT EXISTS (SELECT 1 FROM roster_same s WHERE s.n = r.n)
"""
FIT = """
CREATE TEMP TABLE roster_fit ON COMMIT DROP AS
SELECT r.n, d.key, coalesce(r.presence, 1) IN (1, 2) AND NOT r.vacant AS lives, r.vacant, r.id_hash, r.name, r.born_on,
       r.head, r.label, NULL::bigint AS person_id, NULL::bigint AS household_id, NULL::integer AS grp
FROM roster r LEFT JOIN door d ON d.unit_id = r.unit_id AND d.number = r.number
WHERE NOT EXISTS (SELECT 1 FROM roster_bad b WHERE b.n = r.n)
  AND NOT EXISTS (SELECT 1 FROM roster_same s WHERE s.n = r.n)
"""
MATCH = (
    # By ID number: whoever lives somewhere before whoever has left, this door before another.
    """
    UPDATE roster_fit f SET person_id = m.person_id
    FROM (SELECT DISTINCT ON (f.n) f.n, p.id AS person_id
          FROM roster_fit f JOIN person p ON p.id_hash = f.id_hash
          WHERE f.lives OR p.key = f.key
          ORDER BY f.n, p.presence IN (1, 2) DESC, p.key = f.key DESC, p.id DESC) m
    WHERE m.n = f.n
    """,
    *BY_ID,
    # An index once most are found, not before; tables that were just filled are joined through it later on as well.
    "CREATE INDEX ON roster_fit (person_id); ANALYZE roster_fit",
    # By door, name and date of birth, where one of the two has no ID number. An exact date first, then a missing one.
    """
    UPDATE roster_fit f SET person_id = m.person_id
    FROM (SELECT n, min(person_id) AS person_id FROM (
              SELECT f.n, p.id AS person_id,
                     rank() OVER (PARTITION BY f.n ORDER BY p.born_on IS NOT DISTINCT FROM f.born_on DESC,
                                                            p.presence IN (1, 2) DESC) AS best
              FROM roster_fit f JOIN person p ON p.key = f.key AND p.name = f.name AND p.presence <> 5
              WHERE f.person_id IS NULL AND NOT f.vacant AND (f.id_hash IS NULL OR p.id_hash IS NULL)
                AND (p.born_on IS NULL OR f.born_on IS NULL OR p.born_on = f.born_on)
                AND (p.presence IN (1, 2) OR p.born_on IS NOT DISTINCT FROM f.born_on)
                AND NOT EXISTS (SELECT 1 FROM roster_fit o WHERE o.person_id = p.id)) c
          WHERE best = 1 GROUP BY n HAVING count(*) = 1) m
    WHERE m.n = f.n
    """,
    *BY_NAME,
)
# Who has left one door and lives at another, by this very sheet, moves: the row of the leaving has nothing to add.
LEFT = """
UPDATE roster_fit f SET person_id = NULL
WHERE NOT f.lives AND EXISTS (SELECT 1 FROM roster_fit o WHERE o.person_id = f.person_id AND o.lives)
"""
UNCLEAR = (
    # Two people of the register fit one row, or one fits two rows.
    """
    INSERT INTO roster_bad (n, field, code, other)
    SELECT f.n, 'name', 'person_unclear', NULL
    FROM roster_fit f JOIN person p ON p.key = f.key AND p.name = f.name AND p.presence IN (1, 2)
    WHERE f.person_id IS NULL AND f.id_hash IS NULL AND NOT f.vacant
      AND (p.born_on IS NULL OR f.born_on IS NULL OR p.born_on = f.born_on)
    GROUP BY f.n
    """,
    """
    INSERT INTO roster_bad (n, field, code, other)
    SELECT n, 'name', 'person_unclear', first
    FROM (SELECT n, min(n) OVER (PARTITION BY person_id) AS first FROM roster_fit
          WHERE person_id IS NOT NULL AND lives) x
    WHERE n <> first
    """,
    # Lives elsewhere, where the actor may not write: the office there has to let go first.
    """
    INSERT INTO roster_bad (n, field, code, other)
    SELECT f.n, 'id_number', 'lives_elsewhere', NULL
    FROM roster_fit f JOIN person p ON p.id = f.person_id
    WHERE f.lives AND p.key <> f.key AND p.presence IN (1, 2)
      AND NOT EXISTS (SELECT 1 FROM unnest(%(los)s::bigint[], %(his)s::bigint[]) AS x (lo, hi)
                      WHERE p.key >= x.lo AND p.key < x.hi)
      AND NOT EXISTS (SELECT 1 FROM roster_bad b WHERE b.n = f.n)
    """,
)

# --- households -----------------------------------------------------------------------------------------

HOUSEHOLDS = (
    HEADS,
    # A second head begins a second household; people before the first head belong to the first.
    """
    UPDATE roster_fit f SET grp = g.grp
    FROM (SELECT n, greatest(1, sum(head::integer) OVER (PARTITION BY key ORDER BY n))::integer AS grp
          FROM roster_fit WHERE lives AND label = '') g
    WHERE g.n = f.n
    """,
    """
    CREATE TEMP TABLE roster_labelled ON COMMIT DROP AS
    SELECT DISTINCT key, label, NULL::bigint AS id FROM roster_fit WHERE lives AND label <> ''
    """,
    LABELS,
    "ANALYZE roster_labelled; ANALYZE roster_fit",
    """
    INSERT INTO household (key, label, note, created_at, updated_at)
    SELECT l.key, l.label, '', %(at)s::timestamptz, %(at)s::timestamptz FROM roster_labelled l
    WHERE l.id IS NULL
      AND NOT EXISTS (SELECT 1 FROM household h WHERE h.key = l.key AND h.label = l.label AND h.ended_at IS NULL)
    ORDER BY l.key, l.label
    """,
    """
    UPDATE roster_labelled l SET id = h.id FROM household h
    WHERE h.key = l.key AND h.label = l.label AND h.ended_at IS NULL
    """,
    """
    UPDATE roster_fit f SET household_id = h.id FROM roster_labelled h
    WHERE f.lives AND f.label <> '' AND h.key = f.key AND h.label = f.label
    """,
    # Without a label: the household at this door in which the group's people live already, its head's first; each
    # household goes to one group. Each step has a table of its own, whose size the planner then knows.
    """
    CREATE TEMP TABLE roster_home ON COMMIT DROP AS
    SELECT DISTINCT ON (f.key, f.grp) f.key, f.grp, h.id AS household_id
    FROM roster_fit f JOIN person p ON p.id = f.person_id
    JOIN household h ON h.id = p.household_id AND h.key = f.key AND h.ended_at IS NULL
    WHERE f.grp IS NOT NULL ORDER BY f.key, f.grp, f.head DESC, f.n
    """,
    """
    CREATE TEMP TABLE roster_group ON COMMIT DROP AS
    SELECT key, grp, row_number() OVER (PARTITION BY key ORDER BY grp) = 1 AS first, NULL::bigint AS household_id,
           false AS fresh
    FROM (SELECT DISTINCT key, grp FROM roster_fit WHERE grp IS NOT NULL) g
    """,
    "CREATE INDEX ON roster_group (key); ANALYZE roster_home; ANALYZE roster_group",
    """
    UPDATE roster_group g SET household_id = c.household_id
    FROM (SELECT DISTINCT ON (household_id) key, grp, household_id FROM roster_home ORDER BY household_id, grp) c
    WHERE c.key = g.key AND c.grp = g.grp
    """,
    """
    CREATE TEMP TABLE roster_there ON COMMIT DROP AS
    SELECT h.key, min(h.id) AS id, count(*) AS households FROM household h
    WHERE h.ended_at IS NULL AND h.key IN (SELECT key FROM roster_group WHERE household_id IS NULL) GROUP BY h.key
    """,
    "ANALYZE roster_there; ANALYZE roster_group",
    # Nobody known: the first group goes into the one household there is.
    """
    UPDATE roster_group g SET household_id = t.id FROM roster_there t
    WHERE t.key = g.key AND t.households = 1 AND g.first AND g.household_id IS NULL
      AND NOT EXISTS (SELECT 1 FROM roster_group o WHERE o.household_id = t.id)
    """,
    # The others begin one, under the first labels that are free: "", "2", "3" ...
    f"""
    UPDATE roster_group SET household_id = nextval({_NEXT.format("household")}), fresh = true
    WHERE household_id IS NULL
    """,
    """
    INSERT INTO household (id, key, label, note, created_at, updated_at)
    SELECT g.household_id, g.key, CASE WHEN g.i = 1 THEN '' ELSE g.i::text END, '', %(at)s, %(at)s
    FROM (SELECT key, household_id, row_number() OVER (PARTITION BY key ORDER BY grp) AS i FROM roster_group
          WHERE fresh) g
    WHERE NOT EXISTS (SELECT 1 FROM roster_there t WHERE t.key = g.key)
    ORDER BY g.household_id
    """,
    """
    INSERT INTO household (id, key, label, note, created_at, updated_at)
    SELECT w.household_id, w.key, free.label, '', %(at)s, %(at)s
    FROM (SELECT g.key, g.household_id, t.households, row_number() OVER (PARTITION BY g.key ORDER BY g.grp) AS i
          FROM roster_group g JOIN roster_there t USING (key) WHERE g.fresh) w
    CROSS JOIN LATERAL (
        SELECT label FROM (
            SELECT l.label, row_number() OVER (ORDER BY s) AS i
            FROM generate_series(1, w.i + w.households + 1) AS s
            CROSS JOIN LATERAL (SELECT CASE WHEN s = 1 THEN '' ELSE s::text END AS label) l
            WHERE NOT EXISTS (SELECT 1 FROM household h
                              WHERE h.key = w.key AND h.ended_at IS NULL AND h.label = l.label)) f
        WHERE f.i = w.i) free
    ORDER BY w.household_id
    """,
    "UPDATE roster_fit f SET household_id = g.household_id FROM roster_group g WHERE f.key = g.key AND f.grp = g.grp",
)

# --- people ------------------------------------------------------------------------------------------------

# What is empty in the sheet stays as it is in the register; ciphertext is written again only when the value is another.
WANT = f"""
CREATE TEMP TABLE roster_want ON COMMIT DROP AS
SELECT w.*, p.id IS NULL AS fresh,
       p.id IS NULL
           OR (w.key, w.household_id, w.presence) IS DISTINCT FROM (p.key, p.household_id, p.presence) AS moved,
       p.household_id AS left_household, p.key AS left_key,
       (w.name, w.sex, w.born_on, w.relation, w.id_hash, w.phone_hash, w.needs, w.back_on, w.note)
           IS DISTINCT FROM
       (p.name, p.sex, p.born_on, p.relation, p.id_hash, p.phone_hash, p.needs, p.back_on, p.note) AS other
FROM (
    SELECT f.n, coalesce(f.person_id, nextval({_NEXT.format("person")})) AS person_id,
           CASE WHEN f.lives THEN f.household_id ELSE p.household_id END AS household_id,
           CASE WHEN f.lives THEN f.key ELSE p.key END AS key,
           coalesce(e.name, p.name) AS name, coalesce(e.sex, p.sex, 0) AS sex,
           coalesce(e.born_on, p.born_on) AS born_on, coalesce(e.relation, p.relation, '') AS relation,
           CASE WHEN e.id_hash IS NULL OR e.id_hash = p.id_hash THEN coalesce(p.id_sealed, '') ELSE r.id_sealed END
               AS id_sealed,
           coalesce(e.id_hash, p.id_hash) AS id_hash,
           CASE WHEN e.phone_hash IS NULL OR e.phone_hash = p.phone_hash THEN coalesce(p.phone_sealed, '')
                ELSE r.phone_sealed END AS phone_sealed,
           coalesce(e.phone_hash, p.phone_hash) AS phone_hash,
           coalesce(p.needs, 0) & ~e.needs_said | (r.needs & e.needs_said) AS needs,
           s.presence, CASE WHEN s.presence = 2 THEN coalesce(r.back_on, p.back_on) END AS back_on,
           CASE WHEN s.presence = p.presence THEN p.presence_since ELSE %(day)s::date END AS presence_since,
           coalesce(e.note, p.note, '') AS note
    FROM roster_fit f JOIN roster r USING (n) LEFT JOIN person p ON p.id = f.person_id LEFT JOIN roster_said q USING (n)
    -- What the row has to say: nothing where its cell is empty, or only repeats an entry that was merged.
    CROSS JOIN LATERAL (
        SELECT CASE WHEN r.name IS DISTINCT FROM q.name THEN r.name END AS name,
               CASE WHEN r.sex IS DISTINCT FROM q.sex THEN nullif(r.sex, 0) END AS sex,
               CASE WHEN r.born_on IS DISTINCT FROM q.born_on THEN r.born_on END AS born_on,
               CASE WHEN r.relation IS DISTINCT FROM q.relation THEN nullif(r.relation, '') END
                   AS relation,
               CASE WHEN r.id_hash IS DISTINCT FROM q.id_hash THEN r.id_hash END AS id_hash,
               CASE WHEN r.phone_hash IS DISTINCT FROM q.phone_hash THEN r.phone_hash END
                   AS phone_hash,
               r.needs_said & coalesce(r.needs # q.needs, -1) AS needs_said,
               CASE WHEN r.presence IS DISTINCT FROM q.presence THEN r.presence END AS presence,
               CASE WHEN r.note IS DISTINCT FROM q.note THEN nullif(r.note, '') END AS note) e
    CROSS JOIN LATERAL (
        SELECT coalesce(e.presence, CASE WHEN p.presence IN (1, 2) THEN p.presence ELSE 1 END) AS presence) s
    WHERE NOT f.vacant AND (f.lives OR p.presence IN (1, 2))
) w LEFT JOIN person p ON p.id = w.person_id
"""
_FIELDS = (
    "household_id, key, name, sex, born_on, relation, id_sealed, id_hash, phone_sealed, phone_hash, needs, presence,"
    " presence_since, back_on, note"
)
UPDATE = f"""
UPDATE person p SET ({_FIELDS}, updated_at) = ({", ".join("w." + name for name in _FIELDS.split(", "))}, %(at)s),
    presence_at = CASE WHEN w.presence = p.presence THEN p.presence_at ELSE %(at)s END
FROM roster_want w WHERE p.id = w.person_id AND (w.moved OR w.other)
"""
INSERT = f"""
INSERT INTO person (id, {_FIELDS}, created_at, updated_at)
SELECT person_id, {_FIELDS}, %(at)s, %(at)s FROM roster_want WHERE fresh ORDER BY person_id
"""
VACATE = """
UPDATE person p
SET presence = 3, presence_since = %(day)s, presence_at = %(at)s, back_on = NULL, updated_at = %(at)s
FROM roster_fit f WHERE f.vacant AND p.key = f.key AND p.presence IN (1, 2)
RETURNING f.n, p.id, p.household_id, p.key
"""
VACANT_DOORS = """
UPDATE door d SET vacant_since = %(day)s FROM roster_fit f
WHERE f.vacant AND d.key = f.key AND d.vacant_since IS NULL
  AND NOT EXISTS (SELECT 1 FROM household h WHERE h.key = d.key AND h.ended_at IS NULL)
RETURNING f.n
"""
FILLED_DOORS = """
UPDATE door d SET vacant_since = NULL
WHERE d.vacant_since IS NOT NULL AND d.key IN (SELECT key FROM roster_fit WHERE lives)
"""
