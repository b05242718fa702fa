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
