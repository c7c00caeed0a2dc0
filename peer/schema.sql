-- The tables of a device, beside those of the log store (store/schema.sql), in one file so that one transaction covers both.

-- Small facts: library, device, own log, last stamp, digest, arrival number up to which entries were looked at.
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- Records as bytes of their CRDT document.
CREATE TABLE record (record BLOB PRIMARY KEY, state BLOB NOT NULL, digest BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE purged (record BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;

-- For the gate: who wrote under which CRDT client id, and the causal past of each applied entry:
-- vector is CBOR [[log number, [arrival numbers of the newest entries of that log in the past]], …].
CREATE TABLE client (client INTEGER NOT NULL, arrival INTEGER NOT NULL, PRIMARY KEY (client, arrival)) STRICT, WITHOUT ROWID;
CREATE TABLE past_log (number INTEGER PRIMARY KEY, log BLOB NOT NULL UNIQUE) STRICT;
CREATE TABLE past (arrival INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, log INTEGER NOT NULL, seq INTEGER NOT NULL, vector BLOB NOT NULL) STRICT;

-- Applied entries that no own entry has named yet: the deps of the next one.
CREATE TABLE frontier (name BLOB PRIMARY KEY, log BLOB NOT NULL, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Stored entries that can't be applied yet, and updates that never will be.
CREATE TABLE waiting (arrival INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, reason TEXT NOT NULL, since INTEGER NOT NULL) STRICT;
CREATE TABLE void (arrival INTEGER NOT NULL, record BLOB NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (arrival, record)) STRICT, WITHOUT ROWID;

-- Logs that wrote stamps more than five minutes ahead: by how many milliseconds, last time.
CREATE TABLE clock_ahead (log BLOB PRIMARY KEY, milliseconds INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Projections: what listings read. Made from records, never the truth. conflicts: open conflicts, a contested trash among them;
-- search: names, caption and keywords, a line each, in the form that queries are brought to. Listings are sorted by moment, and
-- albums by place: photos without a time come first, those without a position last (every position sorts before a tilde).
CREATE TABLE asset (
    record BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    media TEXT NOT NULL,
    taken TEXT,
    width INTEGER,
    height INTEGER,
    favorite INTEGER NOT NULL,
    rating INTEGER NOT NULL,
    hidden INTEGER NOT NULL,
    caption TEXT NOT NULL,
    keywords TEXT NOT NULL,
    trashed INTEGER,
    contested INTEGER NOT NULL,
    conflicts INTEGER NOT NULL,
    primary_file BLOB,
    search TEXT NOT NULL,
    moment TEXT NOT NULL GENERATED ALWAYS AS (coalesce(taken, ''))
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_moment ON asset (moment, record);
CREATE INDEX asset_trashed ON asset (trashed) WHERE trashed IS NOT NULL;
CREATE INDEX asset_conflicts ON asset (record) WHERE conflicts > 0;

CREATE TABLE asset_file (
    file BLOB NOT NULL,
    record BLOB NOT NULL,
    role TEXT NOT NULL,
    size INTEGER,
    PRIMARY KEY (file, record, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_file_record ON asset_file (record);

CREATE TABLE asset_album (
    album BLOB NOT NULL,
    record BLOB NOT NULL,
    position TEXT,
    place TEXT NOT NULL GENERATED ALWAYS AS (coalesce(position, '~')),
    PRIMARY KEY (album, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_album_place ON asset_album (album, place, record);
CREATE INDEX asset_album_record ON asset_album (record);

CREATE TABLE album (
    record BLOB PRIMARY KEY,
    title TEXT NOT NULL,
    cover BLOB,
    trashed INTEGER,
    conflicts INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE device (record BLOB PRIMARY KEY, name TEXT NOT NULL, model TEXT NOT NULL, policy TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Files on this device. path is relative to the library's folder, as bytes; incoming: the name in the incoming folder of a
-- file whose rename into place is still to be done, else null.
CREATE TABLE held (
    file BLOB PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('original', 'preview', 'thumbnail', 'index')),
    path BLOB NOT NULL UNIQUE,
    incoming TEXT,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Nodes that this device knows, and what is remembered about each; a number is never given to another node.
CREATE TABLE node (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    url TEXT NOT NULL UNIQUE,
    key BLOB NOT NULL,
    store BLOB,
    cursor INTEGER NOT NULL DEFAULT 0,
    pushed INTEGER NOT NULL DEFAULT 0,
    last_contact INTEGER
) STRICT;

-- Work that survives a restart. priority: 1 thumbnails, 2 previews, 3 originals.
CREATE TABLE upload (
    node INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    blob BLOB NOT NULL,
    file BLOB NOT NULL,
    segment INTEGER NOT NULL,
    size INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_try INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (node, blob)
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_due ON upload (node, priority, next_try);

CREATE TABLE download (
    file BLOB PRIMARY KEY,
    record BLOB NOT NULL,
    size INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_try INTEGER NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE INDEX download_due ON download (priority, next_try);
CREATE TABLE download_part (file BLOB NOT NULL, segment INTEGER NOT NULL, PRIMARY KEY (file, segment)) STRICT, WITHOUT ROWID;

-- Assets whose preview is still to be made here.
CREATE TABLE preview_wanted (record BLOB PRIMARY KEY, file BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- Open invitations that a running peer answers. The ticket lives only here (the file is closed to other users) and ends after ten minutes.
-- code and name: who waits to be let in; answer: what the person said, 1 or 0.
CREATE TABLE invitation (
    box BLOB PRIMARY KEY,
    ticket TEXT NOT NULL,
    expires INTEGER NOT NULL,
    unseen INTEGER NOT NULL,
    code TEXT,
    name TEXT,
    answer INTEGER
) STRICT, WITHOUT ROWID;
