-- The same ids, those of merged entries replaced by what stands for them: a phone may not know yet who was merged.
CREATE FUNCTION linli_standing(a_kind smallint, a_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM merged_into a WHERE a.kind = a_kind AND a.merged_id = ANY (a_ids)) THEN RETURN a_ids; END IF;
    RETURN (SELECT array_agg(coalesce(a.into_id, u.id) ORDER BY u.n) FROM unnest(a_ids) WITH ORDINALITY AS u (id, n)
            LEFT JOIN merged_into a ON a.kind = a_kind AND a.merged_id = u.id);
END $$;
