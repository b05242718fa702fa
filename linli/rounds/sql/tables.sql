-- The coverage ledger: facts, states, tallies, receipts. Written only by the functions beside this file and by rounds/bulk.py.
-- As it was first made: own_receipt.sql makes the states narrower, and the marks their own receipts.

CREATE SEQUENCE mark_id_seq;
CREATE SEQUENCE mark_part_seq;

-- Facts: one row a mark, appended, never changed. `key` is where it happened. No foreign keys: references are validated as a set.
CREATE TABLE mark (
    part           integer     NOT NULL,
    id             bigint      NOT NULL DEFAULT nextval('mark_id_seq'),
    round_id       bigint      NOT NULL,
    subject_id     bigint      NOT NULL,            -- a person, or a household in a round per household
    key            bigint      NOT NULL,
    kind           smallint    NOT NULL CHECK (kind IN (1, 2, 10, 11, 20, 21)),
    flags          smallint    NOT NULL DEFAULT 0,
    event_at       timestamptz NOT NULL,            -- corrected and clamped: what the order of marks goes by
    device_at      timestamptz,                     -- as the device said
    received_at    timestamptz NOT NULL,
    back_at        timestamptz,
    until_at       timestamptz,
    account_id     bigint      NOT NULL,
    appointment_id bigint,
    client_id      uuid,                            -- the command's id, made by its sender
    reason         text        NOT NULL DEFAULT '',
    PRIMARY KEY (part, id)
) PARTITION BY LIST (part);
-- A person's history, and what a sheet sent twice is recognised by.
CREATE INDEX mark_subject ON mark (subject_id, round_id, event_at);

-- State: one row a subject and round, from opening on. Carries the subject's *present* key. Every lookup is by
-- (round_id, key): what changes with a mark is in no index, so that a mark is a heap-only update.
CREATE TABLE round_state (
    part         integer  NOT NULL,
    round_id     bigint   NOT NULL,
    subject_id   bigint   NOT NULL,
    household_id bigint   NOT NULL,
    key          bigint   NOT NULL,
    event_at     timestamptz,
    until_at     timestamptz,                       -- exempt: until when
    back_at      timestamptz,                       -- absent: when to come again
    mark_id      bigint,
    client_id    uuid,                              -- of the winning mark: breaks ties of event_at
    state        smallint NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2, 10, 11, 20, 21)),
    due          boolean  NOT NULL DEFAULT true,
    PRIMARY KEY (part, round_id, subject_id)
) PARTITION BY LIST (part);
CREATE INDEX round_state_key ON round_state (round_id, key);

-- Tallies: one row a unit and round, moved in the transaction of the mark. Its row is also the lock of the unit's states.
CREATE TABLE round_tally (
    round_id   bigint    NOT NULL REFERENCES round (id) ON DELETE CASCADE,
    lo         bigint    NOT NULL CHECK ((lo & 2047) = 0),   -- the unit: keys [lo, lo + 2048)
    due        integer   NOT NULL DEFAULT 0,
    done       integer   NOT NULL DEFAULT 0,
    exempt     integer   NOT NULL DEFAULT 0,
    absent     integer   NOT NULL DEFAULT 0,
    refused    integer   NOT NULL DEFAULT 0,
    doors_due  integer   NOT NULL DEFAULT 0,
    doors_open integer   NOT NULL DEFAULT 0,
    buckets    integer[] NOT NULL DEFAULT '{}',              -- ten-minute buckets since 1970 in which someone was done ...
    counts     integer[] NOT NULL DEFAULT '{}',              -- ... and how many, in the same order
    PRIMARY KEY (round_id, lo),
    CONSTRAINT round_tally_adds_up CHECK (
        least(done, exempt, absent, refused, doors_open) >= 0
        AND done + exempt + absent + refused <= due AND doors_open <= doors_due AND doors_due <= due
        AND (doors_open = 0) = (due = done + exempt)
        AND cardinality(buckets) = cardinality(counts))
) WITH (fillfactor = 80);

-- Receipts: the ids of commands already carried out. They outlive the partitions of the marks.
CREATE TABLE receipt (
    client_id uuid PRIMARY KEY,
    round_id  bigint NOT NULL,
    marks     integer NOT NULL,
    at        timestamptz NOT NULL
);
