-- Carry out a batch of marking commands: one round trip for a single mark, a stairwell, or two hundred commands of a phone.
--
-- Each command names a person or a household. In a round per person a household's command marks everyone due behind its door;
-- in a round per household a person's command marks their household. Answers one row a command: outcome 1 accepted, 2 already
-- known, 3 not in this round, 4 round closed; and how many subjects it marked. A single row of ord 0 says the same of all of
-- them. Events are microseconds since 2000, which both sides write and read at a fraction of the cost of dates. The arrays may
-- be shorter than a_ids where the rest is NULL; a mark without a device's time has the time of its event, one without flags none.
-- A mark is the receipt of its command: mark_command lets each command have one first mark, one second mark ...
-- Order of locks: the round (shared), the units in key order.
-- A batch looks up its few hundred rows by index, one by one. Its plan is made once a connection, perhaps while marks and
-- states are few: any join that reads a table whole would then go on doing so when they are millions. So whatever may grow
-- is read by a subquery of its own for each row (OFFSET 0 keeps it one), or by the keys of the batch (ANY).
CREATE OR REPLACE FUNCTION linli_mark(
    a_round bigint, a_received timestamptz, a_account bigint, a_appointment bigint, a_extent int8multirange,
    a_ids uuid[], a_persons bigint[], a_households bigint[], a_kinds smallint[], a_events bigint[],
    a_devices timestamptz[], a_reasons text[], a_backs timestamptz[], a_untils timestamptz[], a_flags smallint[])
RETURNS TABLE (ord bigint, outcome smallint, marks integer)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    c_epoch constant timestamptz := '2000-01-01 00:00+00';
    v_part integer; v_state text; v_by smallint; v_one integer[];
BEGIN
    -- Marks of one round run side by side; opening and closing it wait for them, and they for it.
    PERFORM pg_advisory_xact_lock_shared(771002, a_round::integer);
    SELECT r.part, r.state, r.count_by INTO v_part, v_state, v_by FROM round r WHERE r.id = a_round;

    IF v_state = 'open' AND v_by = 1 AND cardinality(a_ids) = 1 AND a_persons[1] IS NOT NULL THEN
        v_one := linli_mark_one(
            v_part, a_round, a_received, a_account, a_appointment, a_extent, a_ids[1], a_persons[1], a_kinds[1],
            c_epoch + a_events[1] * interval '1 microsecond',
            a_devices[1], a_reasons[1], a_backs[1], a_untils[1], a_flags[1]);
        ord := 1; outcome := v_one[1]; marks := v_one[2];
        RETURN NEXT;
    ELSIF v_state = 'open' AND v_by = 1 AND a_households = '{}' AND linli_mark_people(
            v_part, a_round, a_received, a_account, a_appointment, a_extent, a_ids, a_persons, a_kinds, a_events,
            a_devices, a_reasons, a_backs, a_untils, a_flags) THEN
        ord := 0; outcome := 1; marks := 1;
        RETURN NEXT;
    ELSE
        RETURN QUERY SELECT * FROM linli_mark_any(
            v_part, v_state, v_by, a_round, a_received, a_account, a_appointment, a_extent, a_ids, a_persons, a_households,
            a_kinds, ARRAY(SELECT c_epoch + e.us * interval '1 microsecond' FROM unnest(a_events) AS e (us)), a_devices,
            a_reasons, a_backs, a_untils, a_flags);
    END IF;
END $$;

-- The commonest batch: one new mark each of several people who are due, sorted by their numbers, each later than what counted
-- for them. True: all is done. False: it is not such a batch, and nothing was done. Everybody is looked up once, before their units are locked, and
-- their states are written at the place where they were found (ctid): whoever is not there any more has been marked or moved
-- in between, and the batch is not such a one. Two thirds of what the long way costs.
CREATE OR REPLACE FUNCTION linli_mark_people(
    a_part integer, a_round bigint, a_received timestamptz, a_account bigint, a_appointment bigint, a_extent int8multirange,
    a_ids uuid[], a_persons bigint[], a_kinds smallint[], a_events bigint[],
    a_devices timestamptz[], a_reasons text[], a_backs timestamptz[], a_untils timestamptz[], a_flags smallint[])
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    v_people bigint[]; v_keys bigint[]; v_places tid[]; v_units bigint[]; v_all integer := cardinality(a_ids); v_found integer;
BEGIN
    -- One walk along the index: people of a stairwell lie side by side in it.
    SELECT array_agg(s.subject_id), array_agg(s.key), array_agg(s.ctid) INTO v_people, v_keys, v_places
    FROM (
        SELECT o.subject_id, o.key, o.ctid FROM round_state o
        WHERE o.part = a_part AND o.round_id = a_round AND o.subject_id = ANY (a_persons) AND o.key <@ a_extent AND o.due
        ORDER BY o.subject_id
    ) AS s;
    IF v_people IS DISTINCT FROM a_persons THEN RETURN false; END IF;
    SELECT array_agg(u.lo ORDER BY u.lo) INTO v_units FROM (SELECT DISTINCT (k.key >> 11) << 11 AS lo FROM unnest(v_keys) AS k (key)) AS u;
    PERFORM linli_lock_units(a_round, v_units);

    WITH c AS MATERIALIZED (
        SELECT u.*, timestamptz '2000-01-01 00:00+00' + u.event_us * interval '1 microsecond' AS event_at
        FROM unnest(a_ids, a_persons, v_keys, v_places, a_kinds, a_events, a_devices, a_reasons, a_backs, a_untils, a_flags)
            AS u (id, person, key, place, kind, event_us, device_at, reason, back_at, until_at, flags)
    ), added AS (
        INSERT INTO mark (part, round_id, subject_id, key, kind, flags, event_at, device_at, received_at, back_at, until_at,
                          account_id, appointment_id, client_id, reason)
        SELECT a_part, a_round, c.person, c.key, c.kind, coalesce(c.flags, 0), c.event_at, coalesce(c.device_at, c.event_at),
               a_received, c.back_at, c.until_at, a_account, a_appointment, c.id, coalesce(c.reason, '') FROM c
    ), won AS (
        UPDATE round_state s
        SET state = c.kind, event_at = c.event_at, client_id = c.id,
            until_at = CASE WHEN c.kind = 11 THEN c.until_at END, back_at = CASE WHEN c.kind = 1 THEN c.back_at END
        FROM c
        WHERE s.part = a_part AND s.ctid = c.place AND s.round_id = a_round AND s.subject_id = c.person AND s.key = c.key AND s.due
          AND (s.event_at IS NULL OR (c.event_at, c.id)
               > (s.event_at, coalesce(s.client_id, '00000000-0000-0000-0000-000000000000'::uuid)))
        RETURNING 1
    )
    SELECT count(*) INTO v_found FROM won;
    IF v_found < v_all THEN RAISE no_data_found; END IF;
    PERFORM linli_retally(a_round, a_part, v_units);
    RETURN true;
EXCEPTION WHEN unique_violation OR no_data_found THEN
    RETURN false;
END $$;

-- Any batch, in a round of any state.
CREATE OR REPLACE FUNCTION linli_mark_any(
    a_part integer, a_state text, a_by smallint, a_round bigint, a_received timestamptz, a_account bigint, a_appointment bigint,
    a_extent int8multirange, a_ids uuid[], a_persons bigint[], a_households bigint[], a_kinds smallint[], a_events timestamptz[],
    a_devices timestamptz[], a_reasons text[], a_backs timestamptz[], a_untils timestamptz[], a_flags smallint[])
RETURNS TABLE (ord bigint, outcome smallint, marks integer)
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    v_units bigint[]; v_outside boolean; v_done integer[]; v_marks integer[];
BEGIN
    a_persons := linli_standing(1::smallint, a_persons);
    a_households := linli_standing(2::smallint, a_households);
    IF a_state = 'open' THEN
        SELECT array_agg(DISTINCT (t.key >> 11) << 11 ORDER BY (t.key >> 11) << 11) INTO v_units
        FROM linli_targets(a_part, a_round, a_by, a_extent, a_persons, a_households) t;
    END IF;
    IF v_units IS NOT NULL THEN
        PERFORM linli_lock_units(a_round, v_units);
        -- Read again, in a later statement than the one that locked: what another phone did at this door is now seen.
        -- Of several commands with one id the first counts.
        BEGIN
        WITH t AS MATERIALIZED (
            SELECT c.id, c.ord, c.subject_id, c.key, a_kinds[c.ord] AS kind, a_events[c.ord] AS event_at,
                   coalesce(a_devices[c.ord], a_events[c.ord]) AS device_at, coalesce(a_reasons[c.ord], '') AS reason,
                   a_backs[c.ord] AS back_at, a_untils[c.ord] AS until_at, coalesce(a_flags[c.ord], 0) AS flags,
                   count(*) OVER (PARTITION BY c.id, c.ord)::integer AS n, c.ord = min(c.ord) OVER (PARTITION BY c.id) AS first,
                   row_number() OVER (PARTITION BY c.id, c.ord) - 1 AS nth
            FROM (
                SELECT a_ids[t.ord] AS id, t.ord::integer AS ord, t.subject_id, t.key
                FROM linli_targets(a_part, a_round, a_by, a_extent, a_persons, a_households) t
            ) AS c
        ), fresh AS MATERIALIZED (
            SELECT t.* FROM t
            WHERE t.first AND t.id <> ALL (ARRAY(SELECT k.client_id FROM linli_carried_out(a_ids, a_part) k))
        ), added AS (
            -- Who sends the same command at the same time waits at the same unit's lock. One id for two units at once meets
            -- the key, and the batch is tried again.
            INSERT INTO mark (part, round_id, subject_id, key, kind, flags, event_at, device_at, received_at, back_at,
                              until_at, account_id, appointment_id, client_id, nth, reason)
            SELECT a_part, a_round, subject_id, key, kind, flags, event_at, device_at, a_received, back_at, until_at, a_account,
                   a_appointment, id, nth, reason FROM fresh ORDER BY key
        ), latest AS (
            SELECT DISTINCT ON (f.subject_id) f.* FROM fresh f ORDER BY f.subject_id, f.event_at DESC, f.id DESC
        ), won AS (
            UPDATE round_state s
            SET state = l.kind, event_at = l.event_at, client_id = l.id,
                until_at = CASE WHEN l.kind = 11 THEN l.until_at END, back_at = CASE WHEN l.kind = 1 THEN l.back_at END
            FROM latest l
            WHERE s.part = a_part AND s.round_id = a_round AND s.subject_id = l.subject_id
              AND s.subject_id = ANY (ARRAY(SELECT subject_id FROM latest))
              AND (s.event_at IS NULL OR (l.event_at, l.id)
                   > (s.event_at, coalesce(s.client_id, '00000000-0000-0000-0000-000000000000'::uuid)))
        )
        SELECT (SELECT NOT coalesce(array_agg(DISTINCT (t.key >> 11) << 11), '{}') <@ v_units FROM t), array_agg(f.ord), array_agg(f.n)
        INTO v_outside, v_done, v_marks
        FROM (SELECT DISTINCT ord, n FROM fresh) AS f;
        EXCEPTION WHEN unique_violation THEN
            RAISE serialization_failure USING MESSAGE = 'one command was sent for two units at once';
        END;
        IF v_outside THEN
            RAISE serialization_failure USING MESSAGE = 'somebody moved while their unit was being locked';
        END IF;
        IF v_done IS NOT NULL THEN PERFORM linli_retally(a_round, a_part, v_units); END IF;
    END IF;

    -- What was not carried out is known, and its mark may have been written a moment ago: seen by a later statement.
    RETURN QUERY
    SELECT c.ord,
           CASE WHEN d.ord IS NOT NULL THEN 1
                WHEN k.client_id IS NOT NULL THEN 2
                WHEN a_state = 'open' THEN 3 ELSE 4 END::smallint,
           coalesce(d.n, k.marks, 0)
    FROM unnest(a_ids) WITH ORDINALITY AS c (id, ord)
    LEFT JOIN unnest(v_done, v_marks) AS d (ord, n) ON d.ord = c.ord
    LEFT JOIN linli_carried_out(a_ids, a_part) AS k ON k.client_id = c.id
    ORDER BY c.ord;
END $$;

-- Of these commands, those that were carried out, and on how many subjects. `a_part`: where to look; NULL for everywhere.
-- Runs as its owner: a mark may lie at a door that its sender does not see any more. It tells no more than the number.
CREATE OR REPLACE FUNCTION linli_carried_out(a_ids uuid[], a_part integer DEFAULT NULL)
RETURNS TABLE (client_id uuid, marks integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
#variable_conflict use_column
BEGIN
    IF a_part IS NULL THEN
        RETURN QUERY SELECT m.client_id, count(*)::integer FROM mark m WHERE m.client_id = ANY (a_ids) GROUP BY m.client_id;
    ELSE
        RETURN QUERY SELECT m.client_id, count(*)::integer FROM mark m
        WHERE m.part = a_part AND m.client_id = ANY (a_ids) GROUP BY m.client_id;
    END IF;
END $$;
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION linli_carried_out(uuid[], integer) SET search_path = %I, pg_temp', current_schema());
    REVOKE ALL ON FUNCTION linli_carried_out(uuid[], integer) FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION linli_carried_out(uuid[], integer) TO linli_web;
END $$;

-- The same for the commonest command of all, one mark of one person in an open round per person: the steps of linli_mark as
-- plain statements on one row each, at a third of the cost. What each statement costs is mostly its own beginning and end, so
-- they are few, and what needs no table is assigned, not selected. Answers {outcome, subjects marked}.
CREATE OR REPLACE FUNCTION linli_mark_one(
    a_part integer, a_round bigint, a_received timestamptz, a_account bigint, a_appointment bigint, a_extent int8multirange,
    a_id uuid, a_person bigint, a_kind smallint, a_event timestamptz, a_device timestamptz, a_reason text, a_back timestamptz,
    a_until timestamptz, a_flags smallint)
RETURNS integer[]
LANGUAGE plpgsql VOLATILE
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    v_key bigint; v_due boolean; v_buckets integer[]; v_counts integer[]; v_into bigint; v_marks integer;
    v_was round_state; v_moved boolean;
BEGIN
    -- The unit's tally is the lock of its states. Where the person is, this statement sees as it was before the lock.
    SELECT s.key, s.due, t.buckets, t.counts INTO v_key, v_due, v_buckets, v_counts
    FROM round_state s JOIN round_tally t ON t.round_id = a_round AND t.lo = (s.key >> 11) << 11
    WHERE s.part = a_part AND s.round_id = a_round AND s.subject_id = a_person AND s.key <@ a_extent
    FOR NO KEY UPDATE OF t;
    IF v_due IS NOT TRUE THEN
        SELECT m.into_id INTO v_into FROM merged_into m WHERE m.kind = 1 AND m.merged_id = a_person;
        IF v_into IS NOT NULL THEN
            RETURN linli_mark_one(a_part, a_round, a_received, a_account, a_appointment, a_extent, a_id, v_into, a_kind, a_event,
                                  a_device, a_reason, a_back, a_until, a_flags);
        END IF;
    END IF;
    IF v_key IS NOT NULL THEN
        SELECT s.* INTO v_was
        FROM round_state s WHERE s.part = a_part AND s.round_id = a_round AND s.subject_id = a_person;
        -- Gone elsewhere, or merged into another, since we looked: looked at anew.
        IF v_was.key IS NULL OR v_was.key >> 11 <> v_key >> 11 OR v_due AND NOT v_was.due THEN
            RAISE serialization_failure USING MESSAGE = 'somebody moved while their unit was being locked';
        END IF;
        INSERT INTO mark (part, round_id, subject_id, key, kind, flags, event_at, device_at, received_at, back_at,
                          until_at, account_id, appointment_id, client_id, reason)
        VALUES (a_part, a_round, a_person, v_was.key, a_kind, coalesce(a_flags, 0), a_event, coalesce(a_device, a_event),
                a_received, a_back, a_until, a_account, a_appointment, a_id, coalesce(a_reason, ''))
        ON CONFLICT DO NOTHING;
        IF FOUND THEN
            IF v_was.event_at IS NULL OR (a_event, a_id)
                > (v_was.event_at, coalesce(v_was.client_id, '00000000-0000-0000-0000-000000000000'::uuid)) THEN
                UPDATE round_state s
                SET state = a_kind, event_at = a_event, client_id = a_id,
                    until_at = CASE WHEN a_kind = 11 THEN a_until END, back_at = CASE WHEN a_kind = 1 THEN a_back END
                WHERE s.part = a_part AND s.round_id = a_round AND s.subject_id = a_person;
                IF v_was.due THEN
                    v_moved := linli_shift_tally(v_buckets, v_counts, v_was, a_kind, a_event);
                END IF;
            END IF;
            RETURN ARRAY[1, 1];
        END IF;
    END IF;
    SELECT k.marks INTO v_marks FROM linli_carried_out(ARRAY[a_id], a_part) k;
    RETURN CASE WHEN v_marks IS NULL THEN ARRAY[3, 0] ELSE ARRAY[2, v_marks] END;
END $$;

-- Whom the commands mean, on the doors where the caller may mark: (ord of the command, subject, present key).
CREATE OR REPLACE FUNCTION linli_targets(
    a_part integer, a_round bigint, a_by smallint, a_extent int8multirange, a_persons bigint[], a_households bigint[])
RETURNS TABLE (ord bigint, subject_id bigint, key bigint)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    IF a_by = 1 THEN
        RETURN QUERY
        SELECT c.ord, s.subject_id, s.key FROM unnest(a_persons) WITH ORDINALITY AS c (person, ord)
        CROSS JOIN LATERAL (
            SELECT o.subject_id, o.key FROM round_state o
            WHERE o.part = a_part AND o.round_id = a_round AND o.subject_id = c.person AND o.key <@ a_extent OFFSET 0
        ) AS s;
        IF array_remove(a_households, NULL) <> '{}' THEN
            RETURN QUERY
            SELECT c.ord, s.subject_id, s.key FROM unnest(a_households) WITH ORDINALITY AS c (household, ord)
            CROSS JOIN LATERAL (SELECT o.id, o.key FROM household o WHERE o.id = c.household OFFSET 0) AS h
            CROSS JOIN LATERAL (
                SELECT o.subject_id, o.key FROM round_state o
                WHERE o.part = a_part AND o.round_id = a_round AND o.key = h.key AND o.household_id = h.id AND o.due
                  AND o.key <@ a_extent OFFSET 0
            ) AS s;
        END IF;
    ELSE
        RETURN QUERY
        SELECT c.ord, s.subject_id, s.key
        FROM unnest(a_persons, a_households) WITH ORDINALITY AS c (person, household, ord)
        LEFT JOIN LATERAL (SELECT o.household_id FROM person o WHERE o.id = c.person OFFSET 0) AS p ON true
        CROSS JOIN LATERAL (
            SELECT o.subject_id, o.key FROM round_state o
            WHERE o.part = a_part AND o.round_id = a_round AND o.subject_id = coalesce(c.household, p.household_id)
              AND o.key <@ a_extent OFFSET 0
        ) AS s;
    END IF;
END $$;
