-- Read the states of some subjects in one open round anew, from the marks: entries of the register were merged or taken apart
-- again, or marks were withdrawn.
--
-- A mark belongs to the entry it was given to, for ever. The later mark, by event time, of the survivor and of what was merged
-- into it decides how the survivor stands; but that somebody was gone from the merged entry's door says nothing about them.
-- A withdrawn mark says nothing, whenever the withdrawal arrived.
-- Runs as its owner: marks lie at the doors where they happened, and some of these may be outside of the caller's places. It
-- tells the caller nothing and sets nothing but the truth.
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
        SELECT DISTINCT ON (m.subject) m.subject, f.kind, f.event_at, f.client_id, f.until_at, f.back_at
        FROM member m
        JOIN mark f ON f.subject_id = m.member AND f.round_id = a_round AND (m.member = m.subject OR f.kind < 20)
        WHERE NOT EXISTS (SELECT 1 FROM mark_withdrawn w WHERE w.client_id = f.client_id)
        ORDER BY m.subject, f.event_at DESC, f.client_id DESC NULLS LAST, f.kind DESC, f.id DESC
    ), told AS (
        -- Gone, but there again; or an exemption that is over: to be reached.
        SELECT u.id AS subject, l.kind, l.event_at, l.client_id, l.until_at, l.back_at,
               l.kind IS NULL OR l.kind >= 20 OR l.kind = 11 AND l.until_at <= a_at AS lapsed
        FROM unnest(v_subjects) AS u (id) LEFT JOIN latest l ON l.subject = u.id
    )
    UPDATE round_state s
    SET state = CASE WHEN t.lapsed AND (s.due OR t.kind IS NULL OR t.kind = 11) THEN 0 ELSE t.kind END,
        event_at = t.event_at, client_id = t.client_id,
        until_at = CASE WHEN t.kind = 11 AND NOT t.lapsed THEN t.until_at END,
        back_at = CASE WHEN t.kind = 1 THEN t.back_at END
    FROM told t WHERE s.part = v_part AND s.round_id = a_round AND s.subject_id = t.subject;
    PERFORM linli_retally(a_round, v_part, v_units);
END $$;
