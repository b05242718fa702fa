-- Count the states of some units of one round again, and set their tallies.
--
-- Whoever calls this holds the units' tally rows locked, and read the states in a later statement than the one that locked;
-- units are small (some 30 people), so counting them costs no more than keeping differences, and mends what was ever wrong.
-- Unit by unit, with both ends as variables: adding is not leakproof, and a condition that adds does not reach the index under
-- row-level security (0.1 ms became a second); as one join of all units it was planned over the whole round.
CREATE FUNCTION linli_retally(a_round bigint, a_part integer, a_units bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_lo bigint; v_hi bigint;
BEGIN
    FOREACH v_lo IN ARRAY a_units LOOP
        v_hi := v_lo + 2048;
        UPDATE round_tally t
        SET (due, done, exempt, absent, refused, doors_due, doors_open) = (
                SELECT count(*), count(*) FILTER (WHERE s.state = 10), count(*) FILTER (WHERE s.state IN (11, 20, 21)),
                       count(*) FILTER (WHERE s.state = 1), count(*) FILTER (WHERE s.state = 2),
                       count(DISTINCT s.key), count(DISTINCT s.key) FILTER (WHERE s.state < 10)
                FROM round_state s
                WHERE s.part = a_part AND s.round_id = a_round AND s.key >= v_lo AND s.key < v_hi AND s.due),
            (buckets, counts) = (
                SELECT coalesce(array_agg(b.bucket ORDER BY b.bucket), '{}'), coalesce(array_agg(b.n ORDER BY b.bucket), '{}')
                FROM (SELECT floor(date_part('epoch', s.event_at) / 600)::integer AS bucket, count(*)::integer AS n
                      FROM round_state s
                      WHERE s.part = a_part AND s.round_id = a_round AND s.key >= v_lo AND s.key < v_hi
                        AND s.due AND s.state = 10
                      GROUP BY 1) AS b)
        WHERE t.round_id = a_round AND t.lo = v_lo;
    END LOOP;
END $$;

-- Make sure the tallies of some units exist, then lock them in key order. Two writers of one unit wait for each other here,
-- and only here; sorted, so that batches of many units cannot meet head on.
CREATE FUNCTION linli_lock_units(a_round bigint, a_units bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM 1 FROM (
        SELECT lo FROM round_tally WHERE round_id = a_round AND lo = ANY (a_units) ORDER BY lo FOR NO KEY UPDATE
    ) AS locked;
END $$;

-- People (or, in a round per household, households) came, moved or left: bring their states in one open round after them.
-- `a_subjects` are all that may have changed; who is due is read from the register.
CREATE FUNCTION linli_follow(a_round bigint, a_subjects bigint[]) RETURNS integer
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
