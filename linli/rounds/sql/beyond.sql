-- What a caller cannot see counts all the same: marks lie at the doors where they happened and belong to the entry they were
-- given to, and either may be out of the sight of whoever works with the one or the other now.

-- The mark that counted for a subject before another one, also of entries that were merged into it: as linli_rejoin reads them.
-- Runs as its owner, and tells of a mark no more than what it said. Whom it may be asked about, the caller's query narrows.
DROP FUNCTION IF EXISTS linli_stood_before(bigint, bigint, bigint);
CREATE FUNCTION linli_stood_before(a_round bigint, a_subject bigint, a_mark bigint)
RETURNS TABLE (part integer, id bigint, member bigint, event_at timestamptz, kind smallint, back_at timestamptz, until_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT f.part, f.id, f.subject_id, f.event_at, f.kind, f.back_at, f.until_at
    FROM (
        SELECT a_subject AS member
        UNION ALL
        SELECT a.merged_id FROM merged_into a JOIN round r ON r.id = a_round AND a.kind = r.count_by WHERE a.into_id = a_subject
    ) AS m
    JOIN mark f ON f.subject_id = m.member AND f.round_id = a_round AND f.id <> a_mark
        AND (m.member = a_subject OR f.kind < 20)
    WHERE NOT EXISTS (SELECT 1 FROM mark_withdrawn w WHERE w.client_id = f.client_id)
    ORDER BY f.event_at DESC, f.client_id DESC NULLS LAST, f.kind DESC, f.id DESC LIMIT 1
$$;

-- Withdraw those of the marks `a_ids` on some subjects that their author may: their own, since `a_since`, that do not correct
-- the register; also those given to an entry that was merged into a subject since. Answers on how many subjects they were, also
-- when they had been withdrawn before.
CREATE OR REPLACE FUNCTION linli_withdraw(
    a_round bigint, a_extent int8multirange, a_subjects bigint[], a_ids uuid[], a_account bigint, a_since timestamptz,
    a_event timestamptz, a_received timestamptz)
RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_part integer; v_by smallint; v_units bigint[]; v_ids uuid[]; v_subjects bigint[]; v_entries bigint[];
BEGIN
    PERFORM pg_advisory_xact_lock_shared(771002, a_round::integer);
    SELECT r.part, r.count_by INTO v_part, v_by FROM round r WHERE r.id = a_round AND r.state = 'open';
    SELECT array_agg(DISTINCT (s.key >> 11) << 11 ORDER BY (s.key >> 11) << 11) INTO v_units
    FROM round_state s
    WHERE s.part = v_part AND s.round_id = a_round AND s.subject_id = ANY (a_subjects) AND s.key <@ a_extent;
    IF v_units IS NULL THEN RETURN 0; END IF;
    PERFORM linli_lock_units(a_round, v_units);
    v_entries := a_subjects || ARRAY(SELECT a.merged_id FROM merged_into a WHERE a.kind = v_by AND a.into_id = ANY (a_subjects));
    SELECT array_agg(DISTINCT m.client_id), array_agg(DISTINCT coalesce(a.into_id, m.subject_id)) INTO v_ids, v_subjects
    FROM mark m LEFT JOIN merged_into a ON a.kind = v_by AND a.merged_id = m.subject_id
    WHERE m.subject_id = ANY (v_entries) AND m.round_id = a_round AND m.client_id = ANY (a_ids)
      AND m.account_id = a_account AND m.event_at >= a_since AND m.kind < 20;
    IF v_ids IS NULL THEN RETURN 0; END IF;
    INSERT INTO mark_withdrawn (client_id, round_id, account_id, event_at, received_at)
    SELECT id, a_round, a_account, a_event, a_received FROM unnest(v_ids) AS u (id) ORDER BY id ON CONFLICT DO NOTHING;
    PERFORM linli_rejoin(a_round, v_subjects, a_received);
    RETURN cardinality(v_subjects);
END $$;

-- Whoever comes back into a round at other doors than they left it from has a state there, which whoever registers their coming
-- need not see. Like linli_rejoin it tells the caller nothing and sets nothing but the truth.
ALTER FUNCTION linli_follow(bigint, bigint[]) SECURITY DEFINER;

-- What runs as its owner finds the product's tables alone: temporary ones come last, which otherwise come first unasked. And
-- only the web may call it, beside the owner.
DO $$
DECLARE
    v_call text;
BEGIN
    FOREACH v_call IN ARRAY ARRAY[
        'linli_follow(bigint, bigint[])', 'linli_rejoin(bigint, bigint[], timestamptz)',
        'linli_stood_before(bigint, bigint, bigint)']
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', v_call, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_call);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO linli_web', v_call);
    END LOOP;
END $$;
