-- Carry out a batch of marking commands: one round trip for a single mark, a stairwell, or two hundred commands of a phone.
--
-- Each command names a person or a household. In a round per person a household's command marks everyone due behind its door;
-- in a round per household a person's command marks their household. Answers one row a command: outcome 1 accepted, 2 already
-- known, 3 not in this round, 4 round closed; and how many subjects it marked.
-- Order of locks: the round (shared), the units in key order, the receipts in id order.
CREATE FUNCTION linli_mark(
    a_round bigint, a_received timestamptz, a_account bigint, a_appointment bigint, a_extent int8multirange,
    a_ids uuid[], a_persons bigint[], a_households bigint[], a_kinds smallint[], a_events timestamptz[],
    a_devices timestamptz[], a_reasons text[], a_backs timestamptz[], a_untils timestamptz[], a_flags smallint[])
RETURNS TABLE (ord bigint, outcome smallint, marks integer)
LANGUAGE plpgsql VOLATILE AS $$
#variable_conflict use_column
DECLARE
    v_part integer; v_state text; v_by smallint; v_units bigint[];
    t_ord bigint[]; t_subject bigint[]; t_key bigint[]; v_fresh uuid[]; v_now_units bigint[];
BEGIN
    -- Marks of one round run side by side; opening and closing it wait for them, and they for it.
    PERFORM pg_advisory_xact_lock_shared(771002, a_round::integer);
    SELECT r.part, r.state, r.count_by INTO v_part, v_state, v_by FROM round r WHERE r.id = a_round;

    IF v_state = 'open' THEN
        SELECT array_agg(DISTINCT (t.key >> 11) << 11 ORDER BY (t.key >> 11) << 11) INTO v_units
        FROM linli_targets(v_part, a_round, v_by, a_extent, a_persons, a_households) t;
        IF v_units IS NOT NULL THEN
            PERFORM linli_lock_units(a_round, v_units);
            -- Read again, in a later statement than the one that locked: what another phone did at this door is now seen.
            SELECT array_agg(t.ord), array_agg(t.subject_id), array_agg(t.key), array_agg(DISTINCT (t.key >> 11) << 11)
            INTO t_ord, t_subject, t_key, v_now_units
            FROM linli_targets(v_part, a_round, v_by, a_extent, a_persons, a_households) t;
            IF NOT coalesce(v_now_units, '{}') <@ v_units THEN
                RAISE serialization_failure USING MESSAGE = 'somebody moved while their unit was being locked';
            END IF;
        END IF;

        WITH n AS (
            SELECT t.ord, count(*)::integer AS n FROM unnest(t_ord) AS t (ord) GROUP BY t.ord
        ), made AS (
            INSERT INTO receipt (client_id, round_id, marks, at)
            SELECT DISTINCT ON (c.id) c.id, a_round, n.n, a_received
            FROM unnest(a_ids) WITH ORDINALITY AS c (id, ord) JOIN n USING (ord) ORDER BY c.id, c.ord
            ON CONFLICT (client_id) DO NOTHING RETURNING client_id
        ) SELECT array_agg(client_id) INTO v_fresh FROM made;

        IF v_fresh IS NOT NULL THEN
            WITH c AS (
                SELECT DISTINCT ON (c.id) c.* FROM unnest(a_ids, a_kinds, a_events, a_devices, a_reasons, a_backs, a_untils, a_flags)
                    WITH ORDINALITY AS c (id, kind, event_at, device_at, reason, back_at, until_at, flags, ord)
                WHERE c.id = ANY (v_fresh) AND c.ord = ANY (t_ord) ORDER BY c.id, c.ord
            ), added AS (
                INSERT INTO mark (part, round_id, subject_id, key, kind, flags, event_at, device_at, received_at, back_at,
                                  until_at, account_id, appointment_id, client_id, reason)
                SELECT v_part, a_round, t.subject_id, t.key, c.kind, c.flags, c.event_at, c.device_at, a_received, c.back_at,
                       c.until_at, a_account, a_appointment, c.id, c.reason
                FROM c JOIN unnest(t_ord, t_subject, t_key) AS t (ord, subject_id, key) USING (ord)
                RETURNING id, subject_id, kind, event_at, client_id, until_at, back_at
            ), latest AS (
                SELECT DISTINCT ON (a.subject_id) a.* FROM added a ORDER BY a.subject_id, a.event_at DESC, a.client_id DESC
            )
            UPDATE round_state s
            SET state = l.kind, event_at = l.event_at, client_id = l.client_id, mark_id = l.id,
                until_at = CASE WHEN l.kind = 11 THEN l.until_at END, back_at = CASE WHEN l.kind = 1 THEN l.back_at END
            FROM latest l
            WHERE s.part = v_part AND s.round_id = a_round AND s.subject_id = l.subject_id
              AND (s.event_at IS NULL OR (l.event_at, l.client_id)
                   > (s.event_at, coalesce(s.client_id, '00000000-0000-0000-0000-000000000000'::uuid)));
            PERFORM linli_retally(a_round, v_part, v_units);
        END IF;
    END IF;

    RETURN QUERY
    SELECT c.ord,
           CASE WHEN first.ord IS NOT NULL THEN 1
                WHEN r.client_id IS NOT NULL THEN 2
                WHEN v_state = 'open' THEN 3 ELSE 4 END::smallint,
           CASE WHEN r.client_id IS NULL THEN 0 ELSE r.marks END
    FROM unnest(a_ids) WITH ORDINALITY AS c (id, ord)
    LEFT JOIN receipt r ON r.client_id = c.id
    LEFT JOIN (SELECT min(f.ord) AS ord FROM unnest(a_ids) WITH ORDINALITY AS f (id, ord)
               WHERE f.id = ANY (v_fresh) AND f.ord = ANY (t_ord) GROUP BY f.id) AS first ON first.ord = c.ord
    ORDER BY c.ord;
END $$;

-- Whom the commands mean, on the doors where the caller may mark: (ord of the command, subject, present key).
CREATE FUNCTION linli_targets(
    a_part integer, a_round bigint, a_by smallint, a_extent int8multirange, a_persons bigint[], a_households bigint[])
RETURNS TABLE (ord bigint, subject_id bigint, key bigint)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    IF a_by = 1 THEN
        RETURN QUERY
        SELECT c.ord, s.subject_id, s.key FROM unnest(a_persons) WITH ORDINALITY AS c (person, ord)
        JOIN round_state s ON s.part = a_part AND s.round_id = a_round AND s.subject_id = c.person
        WHERE s.key <@ a_extent;
        IF array_remove(a_households, NULL) <> '{}' THEN
            RETURN QUERY
            SELECT c.ord, s.subject_id, s.key FROM unnest(a_households) WITH ORDINALITY AS c (household, ord)
            JOIN household h ON h.id = c.household
            JOIN round_state s ON s.part = a_part AND s.round_id = a_round AND s.key = h.key AND s.household_id = h.id AND s.due
            WHERE s.key <@ a_extent;
        END IF;
    ELSE
        RETURN QUERY
        SELECT c.ord, s.subject_id, s.key
        FROM unnest(a_persons, a_households) WITH ORDINALITY AS c (person, household, ord)
        LEFT JOIN person p ON p.id = c.person
        JOIN round_state s ON s.part = a_part AND s.round_id = a_round AND s.subject_id = coalesce(c.household, p.household_id)
        WHERE s.key <@ a_extent;
    END IF;
END $$;
