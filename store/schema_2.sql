-- Version 2: detached entries, stubs, settled checkpoints.

-- detached: rows in log_detached. stubs: entries without bytes (log_entry.raw is empty). pruned_bytes: what pruning has freed so far.
ALTER TABLE log_library ADD COLUMN detached INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log_library ADD COLUMN stubs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log_library ADD COLUMN pruned_bytes INTEGER NOT NULL DEFAULT 0;

-- Of an entry whose bytes are gone (raw is the empty string): its deps, in CBOR as in the prefix; null when it had none.
ALTER TABLE log_entry ADD COLUMN deps BLOB;

-- follows: the entry before the first of the branch, when that lies below a settled checkpoint and isn't stored. pruned: up to this number all is
-- a stub that can be one.
ALTER TABLE log_branch ADD COLUMN follows BLOB;
ALTER TABLE log_branch ADD COLUMN pruned INTEGER NOT NULL DEFAULT -1;
CREATE INDEX log_branch_follows ON log_branch (library, follows) WHERE follows IS NOT NULL;

-- Control entries whose predecessor or deps aren't stored. missing: how many rows of log_awaited are theirs.
CREATE TABLE log_detached (
    library INTEGER NOT NULL REFERENCES log_library,
    arrival INTEGER NOT NULL,
    log BLOB NOT NULL,
    seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    received INTEGER NOT NULL,
    missing INTEGER NOT NULL,
    name BLOB NOT NULL,
    raw BLOB NOT NULL,
    PRIMARY KEY (library, arrival)
) STRICT;
CREATE UNIQUE INDEX log_detached_by_name ON log_detached (name, library);

-- Who is to be told when an entry is attached: waiter is the arrival number of a detached entry, or 0 for the roster, where a pin names it.
CREATE TABLE log_awaited (
    library INTEGER NOT NULL REFERENCES log_library,
    need BLOB NOT NULL,
    waiter INTEGER NOT NULL,
    PRIMARY KEY (library, need, waiter)
) STRICT, WITHOUT ROWID;

-- What the settled entries say: words is CBOR [[device, time, acknowledges], …] of the reports in them. verified stays 1 once it was.
CREATE TABLE log_settled (
    library INTEGER NOT NULL REFERENCES log_library,
    name BLOB NOT NULL,
    checkpoint BLOB NOT NULL,
    author BLOB NOT NULL,
    position INTEGER NOT NULL,
    words BLOB NOT NULL,
    verified INTEGER NOT NULL,
    PRIMARY KEY (library, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX log_settled_of_author ON log_settled (library, author, position) WHERE verified = 0;
CREATE INDEX log_settled_open ON log_settled (library, position) WHERE verified = 0;
CREATE INDEX log_settled_verified ON log_settled (library, checkpoint) WHERE verified = 1;
