-- Marks that their author withdrew: from a phone, which may have been without signal. Such a mark stays on record and is as
-- if it had not been given, whenever the withdrawal arrives; so the order of arrival does not matter, as it would if a
-- further mark had to say what counted before.
CREATE TABLE mark_withdrawn (
    client_id   uuid PRIMARY KEY,                    -- the mark's command
    round_id    bigint      NOT NULL,
    account_id  bigint      NOT NULL,
    event_at    timestamptz NOT NULL,
    received_at timestamptz NOT NULL
);

-- The same as before, but what was withdrawn says nothing.
CREATE OR REPLACE FUNCTION linli_rejoin(a_round bigint, a_subjects bigint[], a_at timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    v_part integer; v_by smallint; v_units bigint[]; v_subjects bigint[];
BEGIN
    SELECT part, count_by INTO v_part, v_by FROM round WHERE id = a_round AND state = 'open';
    IF v_part IS NULL THEN RETURN; END IF;
    SELECT array_agg(u.id), array_agg(DISTINCT (s.key >> 11) << 11 ORDER BY (s.key >> 11) << 11) INTO v_subjects, v_units
    FROM unnest(a_subjects) AS u (id)
    JOIN round_state s ON s.part = v_part AND s.round_id = a_round AND s.subject_id = u.id
    WHERE NOT EXISTS (SELECT 1 FROM merged_into a WHERE a.kind = v_by AND a.merged_id = u.id);
    IF v_units IS NULL THEN RETURN; END IF;
    PERFORM linli_lock_units(a_round, v_units);

    WITH member AS (
        SELECT u.id AS subject, u.id AS member FROM unnest(v_subjects) AS u (id)
        UNION ALL
        SELECT a.into_id, a.merged_id FROM merged_into a WHERE a.kind = v_by AND a.into_id = ANY (v_subjects)
    ), latest AS (
        SELECT DISTINCT ON (m.subject) m.subject, f.id, f.kind, f.event_at, f.client_id, f.until_at, f.back_at
        FROM member m
        JOIN mark f ON f.subject_id = m.member AND f.round_id = a_round AND (m.member = m.subject OR f.kind < 20)
        WHERE NOT EXISTS (SELECT 1 FROM mark_withdrawn w WHERE w.client_id = f.client_id)
        ORDER BY m.subject, f.event_at DESC, f.client_id DESC NULLS LAST, f.kind DESC, f.id DESC
    ), told AS (
        -- Gone, but there again; or an exemption that is over: to be reached.
        SELECT u.id AS subject, l.id, l.kind, l.event_at, l.client_id, l.until_at, l.back_at,
               l.kind IS NULL OR l.kind >= 20 OR l.kind = 11 AND l.until_at <= a_at AS lapsed
        FROM unnest(v_subjects) AS u (id) LEFT JOIN latest l ON l.subject = u.id
    )
    UPDATE round_state s
    SET state = CASE WHEN t.lapsed AND (s.due OR t.kind IS NULL OR t.kind = 11) THEN 0 ELSE t.kind END,
        event_at = t.event_at, client_id = t.client_id, mark_id = CASE WHEN t.client_id IS NOT NULL THEN t.id END,
        until_at = CASE WHEN t.kind = 11 AND NOT t.lapsed THEN t.until_at END,
        back_at = CASE WHEN t.kind = 1 THEN t.back_at END
    FROM told t WHERE s.part = v_part AND s.round_id = a_round AND s.subject_id = t.subject;
    PERFORM linli_retally(a_round, v_part, v_units);
END $$;

-- Withdraw those of the marks `a_ids` on some subjects that their author may: their own, since `a_since`, that do not correct
-- the register. Answers on how many subjects they were, also when they had been withdrawn before.
CREATE FUNCTION linli_withdraw(
    a_round bigint, a_extent int8multirange, a_subjects bigint[], a_ids uuid[], a_account bigint, a_since timestamptz,
    a_event timestamptz, a_received timestamptz)
RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_part integer; v_units bigint[]; v_ids uuid[]; v_subjects bigint[];
BEGIN
    PERFORM pg_advisory_xact_lock_shared(771002, a_round::integer);
    SELECT r.part INTO v_part FROM round r WHERE r.id = a_round AND r.state = 'open';
    SELECT array_agg(DISTINCT (s.key >> 11) << 11 ORDER BY (s.key >> 11) << 11) INTO v_units
    FROM round_state s
    WHERE s.part = v_part AND s.round_id = a_round AND s.subject_id = ANY (a_subjects) AND s.key <@ a_extent;
    IF v_units IS NULL THEN RETURN 0; END IF;
    PERFORM linli_lock_units(a_round, v_units);
    SELECT array_agg(DISTINCT m.client_id), array_agg(DISTINCT m.subject_id) INTO v_ids, v_subjects
    FROM mark m
    WHERE m.subject_id = ANY (a_subjects) AND m.round_id = a_round AND m.client_id = ANY (a_ids)
      AND m.account_id = a_account AND m.event_at >= a_since AND m.kind < 20;
    IF v_ids IS NULL THEN RETURN 0; END IF;
    INSERT INTO mark_withdrawn (client_id, round_id, account_id, event_at, received_at)
    SELECT id, a_round, a_account, a_event, a_received FROM unnest(v_ids) AS u (id) ORDER BY id ON CONFLICT DO NOTHING;
    PERFORM linli_rejoin(a_round, v_subjects, a_received);
    RETURN cardinality(v_subjects);
END $$;
