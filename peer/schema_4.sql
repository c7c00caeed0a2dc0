-- Version 4: since when, for people who look where something has got to. Times in milliseconds since 1970, by this device's clock.

-- since: when the file came to be held; null where it came before this version.
ALTER TABLE held ADD COLUMN since INTEGER;

-- Entries that waited and were applied after all: since when they waited, and when they were applied. All others were applied when they came.
CREATE TABLE waited (name BLOB PRIMARY KEY, since INTEGER NOT NULL, applied INTEGER NOT NULL) STRICT, WITHOUT ROWID;
