-- The logs of any number of libraries in one file; rows of a library are keyed by a small integer.

-- arrival: the newest arrival number. roster_state: a chained hash over the names of the entries that the roster follows from;
-- whoever remembers a roster sees by it whether that is still true.
CREATE TABLE log_library (
    id INTEGER PRIMARY KEY,
    name BLOB NOT NULL UNIQUE,
    arrival INTEGER NOT NULL,
    entries INTEGER NOT NULL,
    roster_state BLOB NOT NULL
) STRICT;

-- Unbroken runs of entries (store/branches.py); each ends in a tip.
CREATE TABLE log_branch (
    id INTEGER PRIMARY KEY,
    library INTEGER NOT NULL REFERENCES log_library,
    log BLOB NOT NULL,
    parent INTEGER REFERENCES log_branch,
    author BLOB NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    tip BLOB NOT NULL
) STRICT;
CREATE INDEX log_branch_of_log ON log_branch (library, log);

-- received: milliseconds since 1970 by this node's clock.
CREATE TABLE log_entry (
    library INTEGER NOT NULL REFERENCES log_library,
    arrival INTEGER NOT NULL,
    branch INTEGER NOT NULL REFERENCES log_branch,
    seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    received INTEGER NOT NULL,
    name BLOB NOT NULL,
    raw BLOB NOT NULL,
    PRIMARY KEY (library, arrival)
) STRICT;
CREATE UNIQUE INDEX log_entry_by_name ON log_entry (name, library);
CREATE UNIQUE INDEX log_entry_in_branch ON log_entry (branch, seq, arrival);
CREATE INDEX log_entry_control ON log_entry (library, arrival, kind) WHERE kind <> 0;

-- The newest report of each device.
CREATE TABLE log_seen (
    library INTEGER NOT NULL REFERENCES log_library,
    device BLOB NOT NULL,
    raw BLOB NOT NULL,
    PRIMARY KEY (library, device)
) STRICT, WITHOUT ROWID;
