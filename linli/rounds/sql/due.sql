-- Who is due in a round, by the register as it stands. `a_subjects` limits the answer; NULL asks for everybody.
-- Per person: the present. Per household: those with someone present, and those of whom nobody is registered yet.
CREATE FUNCTION linli_due(a_by smallint, a_round bigint, a_subjects bigint[])
RETURNS TABLE (subject_id bigint, household_id bigint, key bigint)
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF a_by = 1 THEN
        RETURN QUERY SELECT p.id, p.household_id, p.key FROM person p
        WHERE p.id = ANY (a_subjects) AND p.presence = 1
          AND EXISTS (SELECT 1 FROM round_span r WHERE r.round_id = a_round AND p.key >= r.lo AND p.key < r.hi);
    ELSE
        RETURN QUERY SELECT h.id, h.id, h.key FROM household h
        WHERE h.id = ANY (a_subjects) AND h.ended_at IS NULL
          AND EXISTS (SELECT 1 FROM round_span r WHERE r.round_id = a_round AND h.key >= r.lo AND h.key < r.hi)
          AND (EXISTS (SELECT 1 FROM person p WHERE p.household_id = h.id AND p.presence = 1)
               OR NOT EXISTS (SELECT 1 FROM person p WHERE p.household_id = h.id));
    END IF;
END $$;
