-- Version 5: what a page needs to show hundreds of thousands of photos at once.

-- Of a photo as it is shown. thumbhash: a picture from 30 bytes. picture: names its thumbnail, as imported; empty when it has none. shown_width, shown_height: with its edits. marks: words, of live and raw.
ALTER TABLE asset ADD COLUMN thumbhash BLOB;
ALTER TABLE asset ADD COLUMN picture TEXT NOT NULL DEFAULT '';
ALTER TABLE asset ADD COLUMN shown_width INTEGER;
ALTER TABLE asset ADD COLUMN shown_height INTEGER;
ALTER TABLE asset ADD COLUMN duration REAL;
ALTER TABLE asset ADD COLUMN marks TEXT NOT NULL DEFAULT '';

-- Views of the timeline, newest first.
CREATE INDEX asset_shown ON asset (moment, record) WHERE folded IS NULL AND trashed IS NULL AND NOT hidden;
CREATE INDEX asset_favorite ON asset (moment, record) WHERE favorite AND folded IS NULL AND trashed IS NULL AND NOT hidden;
CREATE INDEX asset_hidden ON asset (moment, record) WHERE hidden AND folded IS NULL AND trashed IS NULL;
CREATE INDEX asset_video ON asset (moment, record) WHERE kind = 'video' AND folded IS NULL AND trashed IS NULL AND NOT hidden;

-- How often listings were written, and how many photos each month shows (what isn't hidden, folded or in the trash), with the revision of its last change.
-- The database itself keeps the months, so that nobody counts.
CREATE TABLE listing (revision INTEGER NOT NULL) STRICT;
INSERT INTO listing VALUES (0);
CREATE TABLE timeline_month (month TEXT PRIMARY KEY, photos INTEGER NOT NULL, revision INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO timeline_month SELECT substr(coalesce(taken, ''), 1, 7), count(*), 0 FROM asset WHERE folded IS NULL AND trashed IS NULL AND NOT hidden GROUP BY 1;
CREATE TRIGGER asset_comes AFTER INSERT ON asset WHEN NEW.folded IS NULL AND NEW.trashed IS NULL AND NOT NEW.hidden BEGIN
    INSERT INTO timeline_month SELECT substr(coalesce(NEW.taken, ''), 1, 7), 0, 0
        WHERE NOT EXISTS (SELECT 1 FROM timeline_month WHERE month = substr(coalesce(NEW.taken, ''), 1, 7));
    UPDATE timeline_month SET photos = photos + 1, revision = (SELECT revision FROM listing) WHERE month = substr(coalesce(NEW.taken, ''), 1, 7);
END;
CREATE TRIGGER asset_goes AFTER DELETE ON asset WHEN OLD.folded IS NULL AND OLD.trashed IS NULL AND NOT OLD.hidden BEGIN
    UPDATE timeline_month SET photos = photos - 1, revision = (SELECT revision FROM listing) WHERE month = substr(coalesce(OLD.taken, ''), 1, 7);
END;
CREATE TRIGGER asset_changes_from AFTER UPDATE ON asset WHEN OLD.folded IS NULL AND OLD.trashed IS NULL AND NOT OLD.hidden BEGIN
    UPDATE timeline_month SET photos = photos - 1, revision = (SELECT revision FROM listing) WHERE month = substr(coalesce(OLD.taken, ''), 1, 7);
END;
CREATE TRIGGER asset_changes_to AFTER UPDATE ON asset WHEN NEW.folded IS NULL AND NEW.trashed IS NULL AND NOT NEW.hidden BEGIN
    INSERT INTO timeline_month SELECT substr(coalesce(NEW.taken, ''), 1, 7), 0, 0
        WHERE NOT EXISTS (SELECT 1 FROM timeline_month WHERE month = substr(coalesce(NEW.taken, ''), 1, 7));
    UPDATE timeline_month SET photos = photos + 1, revision = (SELECT revision FROM listing) WHERE month = substr(coalesce(NEW.taken, ''), 1, 7);
END;
CREATE TRIGGER edited_picture_made AFTER UPDATE OF made, level ON edited_picture WHEN NEW.made <> OLD.made OR NEW.level <> OLD.level BEGIN
    UPDATE listing SET revision = revision + 1;
    UPDATE timeline_month SET revision = (SELECT revision FROM listing)
        WHERE month = (SELECT substr(coalesce(taken, ''), 1, 7) FROM asset WHERE record = NEW.record);
END;

-- Searching by words and their beginnings. The text itself stands in asset.search.
CREATE TABLE search_row (id INTEGER PRIMARY KEY, record BLOB NOT NULL UNIQUE) STRICT;
CREATE VIRTUAL TABLE search_text USING fts5 (words, content = '', prefix = '1 2 3', tokenize = 'unicode61 remove_diacritics 2');
INSERT INTO search_row (record) SELECT record FROM asset;
INSERT INTO search_text (rowid, words) SELECT id, search FROM search_row CROSS JOIN asset USING (record);
CREATE TRIGGER search_comes AFTER INSERT ON asset BEGIN
    INSERT INTO search_row (record) VALUES (NEW.record);
    INSERT INTO search_text (rowid, words) SELECT id, NEW.search FROM search_row WHERE record = NEW.record;
END;
CREATE TRIGGER search_goes AFTER DELETE ON asset BEGIN
    INSERT INTO search_text (search_text, rowid, words) SELECT 'delete', id, OLD.search FROM search_row WHERE record = OLD.record;
    DELETE FROM search_row WHERE record = OLD.record;
END;
CREATE TRIGGER search_changes AFTER UPDATE ON asset WHEN OLD.search <> NEW.search BEGIN
    INSERT INTO search_text (search_text, rowid, words) SELECT 'delete', id, OLD.search FROM search_row WHERE record = OLD.record;
    INSERT INTO search_text (rowid, words) SELECT id, NEW.search FROM search_row WHERE record = NEW.record;
END;
