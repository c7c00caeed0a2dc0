-- Version 2: neighbours on the local network, removed devices, checkpoints, instances.

-- Logs of which this device saw two branches (a clone, or a backup that went on), and when it noticed, in milliseconds since 1970.
CREATE TABLE fork_noticed (log BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
