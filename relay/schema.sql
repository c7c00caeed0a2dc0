-- What a relay keeps besides entries (store/schema.sql) and blobs (files).

-- One row: the store id, new whenever these files were created or restored.
CREATE TABLE relay_store (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    store BLOB NOT NULL
) STRICT;

-- Registration tokens by their SHA-256.
CREATE TABLE relay_token (
    hash BLOB PRIMARY KEY,
    quota INTEGER NOT NULL,
    uses_left INTEGER NOT NULL CHECK (uses_left >= 0),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- token: the one that the library was registered with. blobs and blob_bytes sum up relay_holding.
CREATE TABLE relay_library (
    id INTEGER PRIMARY KEY,
    name BLOB NOT NULL UNIQUE,
    token BLOB NOT NULL REFERENCES relay_token,
    quota INTEGER NOT NULL,
    blobs INTEGER NOT NULL DEFAULT 0,
    blob_bytes INTEGER NOT NULL DEFAULT 0,
    entry_bytes INTEGER NOT NULL DEFAULT 0,
    registered_at INTEGER NOT NULL
) STRICT;

-- Which library holds which blob; kept_until is the end of the last promise, 0 where none was made.
CREATE TABLE relay_holding (
    library INTEGER NOT NULL REFERENCES relay_library,
    blob BLOB NOT NULL,
    size INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    kept_until INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (library, blob)
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_holding_by_blob ON relay_holding (blob);

-- Sessions by the SHA-256 of their tokens, and the nonces that opened some.
CREATE TABLE relay_session (
    token BLOB PRIMARY KEY,
    library BLOB NOT NULL,
    device BLOB NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_session_by_expiry ON relay_session (expires);

CREATE TABLE relay_nonce (
    device BLOB NOT NULL,
    nonce BLOB NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (device, nonce)
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_nonce_by_end ON relay_nonce (until);

CREATE TABLE relay_mail (
    box BLOB NOT NULL,
    number INTEGER NOT NULL,
    message BLOB NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (box, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX relay_mail_by_expiry ON relay_mail (expires);
