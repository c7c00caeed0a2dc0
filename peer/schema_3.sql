-- Version 3: composites, edits, versions, watched folders, deletion, storage.

-- Composites. folded: the asset that this one is shown as part of, computed from files (crdt/folding.py). content: what the two parts of a Live
-- Photo have in common, burst: what the photos of a burst have. missing: the roles of parts that people should bring.
ALTER TABLE asset ADD COLUMN folded BLOB;
ALTER TABLE asset ADD COLUMN content TEXT;
ALTER TABLE asset ADD COLUMN burst TEXT;
ALTER TABLE asset ADD COLUMN missing TEXT NOT NULL DEFAULT '';
CREATE INDEX asset_folded ON asset (folded) WHERE folded IS NOT NULL;
CREATE INDEX asset_content ON asset (content) WHERE content IS NOT NULL;
CREATE INDEX asset_burst ON asset (burst) WHERE burst IS NOT NULL;

-- A photo that is shown may be in an album because of one that is folded into it: part is the asset whose record says so.
DROP TABLE asset_album;
CREATE TABLE asset_album (
    album BLOB NOT NULL,
    record BLOB NOT NULL,
    position TEXT,
    part BLOB NOT NULL,
    place TEXT NOT NULL GENERATED ALWAYS AS (coalesce(position, '~')),
    PRIMARY KEY (album, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_album_place ON asset_album (album, place, record);
CREATE INDEX asset_album_record ON asset_album (record);
CREATE INDEX asset_album_part ON asset_album (part);

-- Which blobs a record's live values name, those that lost too: what a release must not take away. is_index: they lead to further ones.
CREATE TABLE needed_blob (blob BLOB NOT NULL, record BLOB NOT NULL, is_index INTEGER NOT NULL, PRIMARY KEY (blob, record)) STRICT, WITHOUT ROWID;
CREATE INDEX needed_blob_record ON needed_blob (record);

-- Blobs that somebody released and nobody claimed since, and those of them that records came to need: they are to be claimed. superseded_blob: of checkpoints that were dropped here, still to be released by whoever wrote the newest one.
CREATE TABLE released_blob (blob BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE superseded_blob (blob BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE claim_due (blob BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;

-- Deletion. trash_noted: since when, by two clocks, this device knows that a record is in the trash by this write; own and disciplined in
-- milliseconds since 1970. leaving: files of purged records that are still to be taken away; recover: into the recovery folder, because somebody had
-- changed the record and whoever purged it didn't know; moved: taken out of its place.
CREATE TABLE trash_noted (record BLOB PRIMARY KEY, stamp BLOB NOT NULL, own INTEGER NOT NULL, disciplined INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE leaving (
    file BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    rendition INTEGER NOT NULL,
    recover INTEGER NOT NULL,
    since INTEGER NOT NULL,
    moved INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Where files of assets came from on this machine: the way by which a rewritten file is known to be another version, and a part that comes later to
-- belong to one. family: folder and stem, by which files that belong together are found (peer/importing/grouping.py).
CREATE TABLE imported_from (
    path BLOB PRIMARY KEY,
    record BLOB NOT NULL,
    file BLOB NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    family BLOB NOT NULL DEFAULT x''
) STRICT, WITHOUT ROWID;
CREATE INDEX imported_from_family ON imported_from (family) WHERE family <> x'';
CREATE INDEX imported_from_record ON imported_from (record);

-- Folders that the running peer imports from.
CREATE TABLE watched (path BLOB PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Files in watched folders that weren't imported as they were then, and why; without a reason where nobody would have expected it.
CREATE TABLE watch_left (path BLOB PRIMARY KEY, folder BLOB NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, reason TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX watch_left_folder ON watch_left (folder, path);

-- Of photos with several versions: which primary the record was found to describe, so that it isn't looked at again.
CREATE TABLE described (record BLOB PRIMARY KEY, file BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX asset_file_version ON asset_file (record) WHERE role = 'version';

-- Pictures of edited photos, made here and never sent. edits: names the parameters that count now, empty when there are none any more; original,
-- preview, thumbnail: the files that pictures can be made from; made: of the pictures that lie here, by which parameters; level: from which of these files
-- (0 original, 1 preview, 2 thumbnail, 3 there are none); undrawn: files of a level below this can't be drawn. due: something is to be done.
CREATE TABLE edited_picture (
    record BLOB PRIMARY KEY,
    edits BLOB NOT NULL,
    original BLOB NOT NULL,
    preview BLOB,
    thumbnail BLOB,
    made BLOB NOT NULL DEFAULT x'',
    level INTEGER NOT NULL DEFAULT 3,
    undrawn INTEGER NOT NULL DEFAULT 0,
    due INTEGER NOT NULL DEFAULT 1
) STRICT, WITHOUT ROWID;
CREATE INDEX edited_picture_due ON edited_picture (record) WHERE due;
CREATE INDEX edited_picture_original ON edited_picture (original) WHERE level > 0;
CREATE INDEX edited_picture_preview ON edited_picture (preview) WHERE level > 1;
CREATE INDEX edited_picture_thumbnail ON edited_picture (thumbnail) WHERE level > 2;
CREATE TRIGGER held_for_edited AFTER INSERT ON held BEGIN
    UPDATE edited_picture SET due = due + 1 WHERE original = NEW.file AND level > 0;
    UPDATE edited_picture SET due = due + 1 WHERE preview = NEW.file AND level > 1;
    UPDATE edited_picture SET due = due + 1 WHERE thumbnail = NEW.file AND level > 2;
END;

-- What can be undone (peer/library/journal.py). undoes: the action that one took back, which is forgotten then; is_undo: that wasn't one that took back
-- itself; records and photos: how many it changed; bytes: what its rows take, about. former: CBOR of what stood in a field before, left: of the
-- writers whose values the action left there, writer: its own, null when it only took something away.
CREATE TABLE undo_action (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    label TEXT NOT NULL,
    at INTEGER NOT NULL,
    undoes BLOB,
    is_undo INTEGER NOT NULL,
    records INTEGER NOT NULL DEFAULT 0,
    photos INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE undo_field (
    action INTEGER NOT NULL REFERENCES undo_action (number) ON DELETE CASCADE,
    record BLOB NOT NULL,
    stem TEXT NOT NULL,
    former BLOB NOT NULL,
    left BLOB NOT NULL,
    writer TEXT,
    PRIMARY KEY (action, record, stem)
) STRICT, WITHOUT ROWID;
CREATE INDEX undo_field_record ON undo_field (record, stem);

-- Storage. used: when the original was last looked at, in milliseconds since 1970; stays: somebody asked for it, so it is kept until then. asked: a
-- person did, whatever the policy wants; lost: where a file lay that was found damaged or missing, until it is back.
ALTER TABLE held ADD COLUMN used INTEGER NOT NULL DEFAULT 0;
ALTER TABLE held ADD COLUMN stays INTEGER NOT NULL DEFAULT 0;
CREATE INDEX held_used ON held (used, file) WHERE kind = 'original';
ALTER TABLE download ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE download ADD COLUMN lost BLOB;
CREATE TABLE pinned (record BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE INDEX upload_file ON upload (file);
CREATE INDEX preview_wanted_file ON preview_wanted (file);
CREATE INDEX album_cover ON album (cover) WHERE cover IS NOT NULL;
CREATE INDEX blob_segment_file ON blob_segment (file);

-- Originals that were given up, and aren't fetched until somebody asks. path and the rest: where the file lies and what it looks like, until it is
-- gone from there.
CREATE TABLE evicted (
    file BLOB PRIMARY KEY,
    path BLOB,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX evicted_path ON evicted (path) WHERE path IS NOT NULL;

-- What nodes promised this device to keep, and proved to have: until when, and when that was verified, in milliseconds since 1970. store: the node's.
CREATE TABLE promise (
    file BLOB NOT NULL,
    node INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    store BLOB NOT NULL,
    verified INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (file, node)
) STRICT, WITHOUT ROWID;
CREATE INDEX promise_node ON promise (node);

-- How many files are held of each kind, and how many originals are wanted; bytes likewise. The database itself keeps it, so that nobody counts.
CREATE TABLE total (what TEXT PRIMARY KEY, files INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO total VALUES ('original', 0, 0), ('preview', 0, 0), ('thumbnail', 0, 0), ('index', 0, 0), ('wanted', 0, 0);
INSERT OR REPLACE INTO total SELECT kind, count(*), sum(size) FROM held GROUP BY kind;
INSERT OR REPLACE INTO total SELECT 'wanted', count(*), coalesce(sum(size), 0) FROM download WHERE priority = 3;
CREATE TRIGGER held_added AFTER INSERT ON held BEGIN
    UPDATE total SET files = files + 1, bytes = bytes + NEW.size WHERE what = NEW.kind;
END;
CREATE TRIGGER held_removed AFTER DELETE ON held BEGIN
    UPDATE total SET files = files - 1, bytes = bytes - OLD.size WHERE what = OLD.kind;
END;
CREATE TRIGGER held_changed AFTER UPDATE OF kind, size ON held BEGIN
    UPDATE total SET files = files - 1, bytes = bytes - OLD.size WHERE what = OLD.kind;
    UPDATE total SET files = files + 1, bytes = bytes + NEW.size WHERE what = NEW.kind;
END;
CREATE TRIGGER download_added AFTER INSERT ON download WHEN NEW.priority = 3 BEGIN
    UPDATE total SET files = files + 1, bytes = bytes + NEW.size WHERE what = 'wanted';
END;
CREATE TRIGGER download_removed AFTER DELETE ON download WHEN OLD.priority = 3 BEGIN
    UPDATE total SET files = files - 1, bytes = bytes - OLD.size WHERE what = 'wanted';
END;
