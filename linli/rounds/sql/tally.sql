-- Count the states of some units of one round again, and set their tallies.
--
-- Whoever calls this holds the units' tally rows locked, and read the states in a later statement than the one that locked;
-- units are small (some 30 people), so counting them costs no more than keeping differences, and mends what was ever wrong.
-- One sub-select a unit, by its own range of the index: nothing is joined, so no plan can read the whole round. As arguments
-- from outside, the ends of a range reach the index under row-level security too.
CREATE OR REPLACE FUNCTION linli_retally(a_round bigint, a_part integer, a_units bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    UPDATE round_tally t
    SET (due, done, exempt, absent, refused, doors_due, doors_open, buckets, counts) = (
        SELECT c.due, c.done, c.exempt, c.absent, c.refused, c.doors_due, c.doors_open, coalesce(v.buckets, '{}'), coalesce(v.counts, '{}')
        FROM (
            SELECT count(*) AS due, count(*) FILTER (WHERE s.state = 10) AS done,
                   count(*) FILTER (WHERE s.state IN (11, 20, 21)) AS exempt, count(*) FILTER (WHERE s.state = 1) AS absent,
                   count(*) FILTER (WHERE s.state = 2) AS refused, count(DISTINCT s.key) AS doors_due,
                   count(DISTINCT s.key) FILTER (WHERE s.state < 10) AS doors_open,
                   array_agg(floor(date_part('epoch', s.event_at) / 600)::integer) FILTER (WHERE s.state = 10) AS done_in
            FROM round_state s
            WHERE s.part = a_part AND s.round_id = a_round AND s.key >= t.lo AND s.key < t.lo + 2048 AND s.due
        ) AS c
        CROSS JOIN LATERAL (
            SELECT array_agg(b.bucket ORDER BY b.bucket) AS buckets, array_agg(b.n ORDER BY b.bucket) AS counts
            FROM (SELECT u.bucket, count(*)::integer AS n FROM unnest(c.done_in) AS u (bucket) GROUP BY u.bucket) AS b
        ) AS v)
    WHERE t.round_id = a_round AND t.lo = ANY (a_units);
END $$;

-- The same after one mark of one person who is due, at a third of the cost: what was counted of their old state goes, what is
-- counted of the new one comes. Behind a door where nobody else is open, the door opens and closes with them. The curve is the
-- locked tally's.
CREATE OR REPLACE FUNCTION linli_shift_tally(
    a_buckets integer[], a_counts integer[], a_was round_state, a_new smallint, a_event timestamptz)
RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_curve record; v_opens integer := (a_new < 10)::integer - (a_was.state < 10)::integer;
BEGIN
    IF a_was.state = 10 THEN
        v_curve := linli_shift_curve(a_buckets, a_counts, a_was.event_at, -1);
        a_buckets := v_curve.a_buckets; a_counts := v_curve.a_counts;
    END IF;
    IF a_new = 10 THEN
        v_curve := linli_shift_curve(a_buckets, a_counts, a_event, 1);
        a_buckets := v_curve.a_buckets; a_counts := v_curve.a_counts;
    END IF;
    UPDATE round_tally t
    SET done = t.done + (a_new = 10)::integer - (a_was.state = 10)::integer,
        exempt = t.exempt + (a_new IN (11, 20, 21))::integer - (a_was.state IN (11, 20, 21))::integer,
        absent = t.absent + (a_new = 1)::integer - (a_was.state = 1)::integer,
        refused = t.refused + (a_new = 2)::integer - (a_was.state = 2)::integer,
        doors_open = t.doors_open + CASE WHEN v_opens = 0 OR EXISTS (
            SELECT 1 FROM round_state s
            WHERE s.part = a_was.part AND s.round_id = a_was.round_id AND s.key = a_was.key AND s.due AND s.state < 10
              AND s.subject_id <> a_was.subject_id) THEN 0 ELSE v_opens END,
        buckets = a_buckets, counts = a_counts
    WHERE t.round_id = a_was.round_id AND t.lo = (a_was.key >> 11) << 11;
    RETURN FOUND;
END $$;

-- Add to the count of the ten minutes that an event lies in; a bucket of nobody is left out.
CREATE OR REPLACE FUNCTION linli_shift_curve(INOUT a_buckets integer[], INOUT a_counts integer[], a_event timestamptz, a_by integer)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_bucket integer := floor(date_part('epoch', a_event) / 600)::integer;
    v_at integer := array_position(a_buckets, v_bucket);
BEGIN
    IF v_at IS NOT NULL AND a_counts[v_at] + a_by > 0 THEN
        a_counts[v_at] := a_counts[v_at] + a_by;
        RETURN;
    END IF;
    -- The latest event of all, as most are: without a statement.
    IF a_by > 0 AND coalesce(a_buckets[cardinality(a_buckets)] < v_bucket, true) THEN
        a_buckets := a_buckets || v_bucket;
        a_counts := a_counts || a_by;
        RETURN;
    END IF;
    SELECT coalesce(array_agg(b.bucket ORDER BY b.bucket), '{}'), coalesce(array_agg(b.n ORDER BY b.bucket), '{}')
    INTO a_buckets, a_counts
    FROM (SELECT c.bucket, sum(c.n)::integer AS n
          FROM (SELECT * FROM unnest(a_buckets, a_counts) UNION ALL VALUES (v_bucket, a_by)) AS c (bucket, n)
          GROUP BY c.bucket HAVING sum(c.n) > 0) AS b;
END $$;

-- Make sure the tallies of some units exist, then lock them in key order. Two writers of one unit wait for each other here,
-- and only here; sorted, so that batches of many units cannot meet head on.
CREATE OR REPLACE FUNCTION linli_lock_units(a_round bigint, a_units bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM 1 FROM (
        SELECT lo FROM round_tally WHERE round_id = a_round AND lo = ANY (a_units) ORDER BY lo FOR NO KEY UPDATE
    ) AS locked;
END $$;

-- People (or, in a round per household, households) came, moved or left: bring their states in one open round after them.
-- `a_subjects` are all that may have changed; who is due is read from the register.
CREATE OR REPLACE FUNCTION linli_follow(a_round bigint, a_subjects bigint[]) RETURNS integer
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_part integer; v_by smallint; v_units bigint[]; v_changed integer := 0; v_n integer;
BEGIN
    SELECT part, count_by INTO v_part, v_by FROM round WHERE id = a_round AND state = 'open';
    IF v_part IS NULL THEN RETURN 0; END IF;

    SELECT array_agg(DISTINCT unit ORDER BY unit) INTO v_units FROM (
        SELECT (s.key >> 11) << 11 AS unit FROM round_state s
        WHERE s.part = v_part AND s.round_id = a_round AND s.subject_id = ANY (a_subjects)
        UNION
        SELECT (d.key >> 11) << 11 FROM linli_due(v_by, a_round, a_subjects) d
    ) AS x;
    IF v_units IS NULL THEN RETURN 0; END IF;
    INSERT INTO round_tally (round_id, lo) SELECT a_round, lo FROM unnest(v_units) AS u (lo) ORDER BY lo ON CONFLICT DO NOTHING;
    PERFORM linli_lock_units(a_round, v_units);
    IF EXISTS (SELECT 1 FROM round_state s
               WHERE s.part = v_part AND s.round_id = a_round AND s.subject_id = ANY (a_subjects)
                 AND NOT (s.key >> 11) << 11 = ANY (v_units)) THEN
        RAISE serialization_failure USING MESSAGE = 'somebody moved while their unit was being locked';
    END IF;

    UPDATE round_state s SET due = false
    WHERE s.part = v_part AND s.round_id = a_round AND s.subject_id = ANY (a_subjects) AND s.due
      AND NOT EXISTS (SELECT 1 FROM linli_due(v_by, a_round, a_subjects) d WHERE d.subject_id = s.subject_id);
    GET DIAGNOSTICS v_n = ROW_COUNT; v_changed := v_changed + v_n;
    INSERT INTO round_state AS s (part, round_id, subject_id, household_id, key)
    SELECT v_part, a_round, d.subject_id, d.household_id, d.key FROM linli_due(v_by, a_round, a_subjects) d ORDER BY d.key, d.subject_id
    ON CONFLICT (part, round_id, subject_id) DO UPDATE
        -- Whoever was marked as gone and is here again has to be reached anew.
        SET due = true, key = excluded.key, household_id = excluded.household_id,
            state = CASE WHEN s.state IN (20, 21) THEN 0 ELSE s.state END
    WHERE NOT s.due OR s.key <> excluded.key OR s.household_id <> excluded.household_id;
    GET DIAGNOSTICS v_n = ROW_COUNT; v_changed := v_changed + v_n;
    IF v_changed > 0 THEN PERFORM linli_retally(a_round, v_part, v_units); END IF;
    RETURN v_changed;
END $$;
