-- Version 3: composites, edits, versions, watched folders, deletion, storage.

-- Composites. folded: the asset that this one is shown as part of, computed from files (crdt/folding.py). content: what the two parts of a Live
-- Photo have in common, burst: what the photos of a burst have.
ALTER TABLE asset ADD COLUMN folded BLOB;
ALTER TABLE asset ADD COLUMN content TEXT;
ALTER TABLE asset ADD COLUMN burst TEXT;
CREATE INDEX asset_folded ON asset (folded) WHERE folded IS NOT NULL;
CREATE INDEX asset_content ON asset (content) WHERE content IS NOT NULL;
CREATE INDEX asset_burst ON asset (burst) WHERE burst IS NOT NULL;

-- Which blobs a record's live values name, those that lost too: what a release must not take away.
CREATE TABLE needed_blob (blob BLOB NOT NULL, record BLOB NOT NULL, PRIMARY KEY (blob, record)) STRICT, WITHOUT ROWID;
CREATE INDEX needed_blob_record ON needed_blob (record);

-- Deletion. trash_noted: since when, by two clocks, this device knows that a record is in the trash by this write; own and disciplined in
-- milliseconds since 1970. recovered: what was kept aside when a record was purged that somebody had changed.
CREATE TABLE trash_noted (record BLOB PRIMARY KEY, stamp BLOB NOT NULL, own INTEGER NOT NULL, disciplined INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Where files of assets came from on this machine: the way by which a rewritten file is known to be another version, and a part that comes later to
-- belong to one.
CREATE TABLE imported_from (path BLOB PRIMARY KEY, record BLOB NOT NULL, file BLOB NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX imported_from_record ON imported_from (record);

-- Folders that the running peer imports from.
CREATE TABLE watched (path BLOB PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Pictures of edited photos, made here and never sent.

-- What can be undone.

-- Storage. used: when the original was last looked at, in milliseconds since 1970.
ALTER TABLE held ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
