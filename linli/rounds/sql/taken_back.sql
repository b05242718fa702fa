-- A mark may also say "not reached": one that was given by mistake is taken back by a further mark, and both stay on record.
-- Partitions that were filled bare and attached hold the old condition as their own, so it is dropped from each.
DO $$
DECLARE
    v_part regclass;
BEGIN
    ALTER TABLE mark DROP CONSTRAINT mark_kind_check;
    FOR v_part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'mark'::regclass LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS mark_kind_check', v_part);
    END LOOP;
    ALTER TABLE mark ADD CONSTRAINT mark_kind_check CHECK (kind IN (0, 1, 2, 10, 11, 20, 21));
END $$;
