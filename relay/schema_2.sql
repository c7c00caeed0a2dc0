-- Version 2: what releases and claims say, and the trash (relay/release_book.py). Times are milliseconds of running time, unless they say otherwise.

-- running: how long this relay ran, counted since its store has this id.
CREATE TABLE relay_running (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    store BLOB NOT NULL,
    running INTEGER NOT NULL
) STRICT;

-- noted: up to which arrival number control entries were looked at; null: nothing was yet.
ALTER TABLE relay_library ADD COLUMN noted INTEGER;

-- kept_running: until when a promise lasts at least. stored_running: when the blob came.
ALTER TABLE relay_holding ADD COLUMN kept_running INTEGER NOT NULL DEFAULT 0;
ALTER TABLE relay_holding ADD COLUMN stored_running INTEGER NOT NULL DEFAULT 0;

-- author: null while the release is detached. blobs: how many of those that it names were held when it came; cancelled: of how many it was cancelled.
CREATE TABLE relay_release (
    library INTEGER NOT NULL REFERENCES relay_library,
    name BLOB NOT NULL,
    log BLOB NOT NULL,
    author BLOB,
    blobs INTEGER NOT NULL,
    cancelled INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (library, name)
) STRICT, WITHOUT ROWID;

-- A release of a held blob that isn't cancelled. is_judged: whether it is known that the claims that came before are in its past. since, agreed: store.releases.Wait.
CREATE TABLE relay_released (
    library INTEGER NOT NULL,
    release BLOB NOT NULL,
    blob BLOB NOT NULL,
    is_judged INTEGER NOT NULL,
    since INTEGER,
    agreed INTEGER,
    PRIMARY KEY (library, release, blob),
    FOREIGN KEY (library, release) REFERENCES relay_release
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_released_by_blob ON relay_released (library, blob);

CREATE TABLE relay_claim (
    library INTEGER NOT NULL REFERENCES relay_library,
    blob BLOB NOT NULL,
    claim BLOB NOT NULL,
    PRIMARY KEY (library, blob, claim)
) STRICT, WITHOUT ROWID;

-- Checkpoint entries that may keep blobs, and when they came.
CREATE TABLE relay_checkpoint (
    library INTEGER NOT NULL REFERENCES relay_library,
    name BLOB NOT NULL,
    noted_at INTEGER NOT NULL,
    PRIMARY KEY (library, name)
) STRICT, WITHOUT ROWID;

-- When something new was last heard of a device, and whether that was a report.
CREATE TABLE relay_heard (
    library INTEGER NOT NULL REFERENCES relay_library,
    device BLOB NOT NULL,
    heard_at INTEGER NOT NULL,
    has_reported INTEGER NOT NULL,
    PRIMARY KEY (library, device)
) STRICT, WITHOUT ROWID;

-- Blobs that were held and found damaged or gone, until they are put again or released.
CREATE TABLE relay_wanted (
    library INTEGER NOT NULL REFERENCES relay_library,
    blob BLOB NOT NULL,
    PRIMARY KEY (library, blob)
) STRICT, WITHOUT ROWID;

-- Blobs that were deleted for a library; their files are still there. stored_at in milliseconds since 1970.
CREATE TABLE relay_trash (
    library INTEGER NOT NULL REFERENCES relay_library,
    blob BLOB NOT NULL,
    size INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    trashed_at INTEGER NOT NULL,
    PRIMARY KEY (library, blob)
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_trash_by_blob ON relay_trash (blob);
CREATE INDEX relay_trash_by_time ON relay_trash (trashed_at);
