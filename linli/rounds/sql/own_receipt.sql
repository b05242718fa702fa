-- A mark is its command's own receipt, and a state is as narrow as it can be: two writes a mark, where there were three.
--
-- What a command is recognised by is a key of the marks themselves: its first mark has nth 0, and where it marked several people
-- of a household, the others are numbered on. The table of receipts said the same once more, in a row and a key for each mark.
ALTER TABLE mark ADD COLUMN nth smallint NOT NULL DEFAULT 0;
UPDATE mark m SET nth = n.nth
FROM (SELECT part, id, row_number() OVER (PARTITION BY part, client_id ORDER BY id) - 1 AS nth
      FROM mark WHERE client_id IS NOT NULL) AS n
WHERE n.nth > 0 AND m.part = n.part AND m.id = n.id;
CREATE UNIQUE INDEX mark_command ON mark (client_id, nth, part) WHERE client_id IS NOT NULL;
-- Nothing is looked up by the number of a mark. Ranges of numbers are read for their seals, and numbers grow with the table.
ALTER TABLE mark DROP CONSTRAINT mark_pkey;
CREATE INDEX mark_id ON mark USING brin (id) WITH (autosummarize = on);
DROP TABLE receipt;

-- State: one row a subject and round, from opening on. Carries the subject's *present* key. Every lookup is by
-- (round_id, key): what changes with a mark is in no index, so that a mark is a heap-only update. The mark that counts is found
-- by its command. What every row has comes first, the widest before the narrow ones: 72 bytes to be reached, 96 reached.
DROP FUNCTION IF EXISTS linli_shift_tally(integer[], integer[], round_state, smallint, timestamptz);
ALTER TABLE round_state RENAME TO round_state_before;
ALTER TABLE round_state_before RENAME CONSTRAINT round_state_pkey TO round_state_before_pkey;
ALTER INDEX round_state_key RENAME TO round_state_before_key;
CREATE TABLE round_state (
    round_id     bigint   NOT NULL,
    subject_id   bigint   NOT NULL,
    household_id bigint   NOT NULL,
    key          bigint   NOT NULL,
    part         integer  NOT NULL,
    state        smallint NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2, 10, 11, 20, 21)),
    due          boolean  NOT NULL DEFAULT true,
    event_at     timestamptz,
    until_at     timestamptz,                       -- exempt: until when
    back_at      timestamptz,                       -- absent: when to come again
    client_id    uuid,                              -- of the winning mark: breaks ties of event_at; none of a sheet's
    PRIMARY KEY (part, round_id, subject_id)
) PARTITION BY LIST (part);
CREATE INDEX round_state_key ON round_state (round_id, key);

DO $$
DECLARE
    v_part integer; v_name text; v_room integer;
BEGIN
    FOR v_name, v_part, v_room IN
        SELECT c.relname, substring(c.relname FROM '_p([0-9]+)$')::integer,
               CASE WHEN 'fillfactor=90' = ANY (c.reloptions) THEN 90 ELSE 43 END
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'round_state_before'::regclass
    LOOP
        EXECUTE format('ALTER TABLE %I RENAME TO %I', v_name, v_name || '_before');
        -- As partitions.make_bare makes them.
        EXECUTE format('CREATE TABLE %I (LIKE round_state INCLUDING DEFAULTS INCLUDING CONSTRAINTS,'
                       ' CONSTRAINT round_state_part CHECK (part = %s)) WITH (fillfactor = %s)', v_name, v_part, v_room);
        EXECUTE format('COMMENT ON TABLE %I IS ''wall: closed: a partition, reached through its parent alone''', v_name);
        EXECUTE format('INSERT INTO %1$I (round_id, subject_id, household_id, key, part, state, due, event_at, until_at, back_at, client_id)'
                       ' SELECT round_id, subject_id, household_id, key, part, state, due, event_at, until_at, back_at, client_id'
                       ' FROM %2$I ORDER BY round_id, key, subject_id', v_name, v_name || '_before');
        EXECUTE format('DROP TABLE %I', v_name || '_before');
        EXECUTE format('ALTER TABLE round_state ATTACH PARTITION %I FOR VALUES IN (%s)', v_name, v_part);
    END LOOP;
END $$;
DROP TABLE round_state_before;

-- Made anew with other arguments: mark.sql.
DROP FUNCTION IF EXISTS linli_mark(
    bigint, timestamptz, bigint, bigint, int8multirange, uuid[], bigint[], bigint[], smallint[], timestamptz[], timestamptz[], text[],
    timestamptz[], timestamptz[], smallint[]);
