-- Version 2: neighbours on the local network, removed devices, checkpoints, instances.

-- Why an entry waits (peer/library/waiting.py), for the program; what it waits for: an entry's name or an epoch; whether an entry that counts
-- has it in its past. What waited before this version is looked at again.
ALTER TABLE waiting ADD COLUMN code TEXT NOT NULL DEFAULT 'again';
ALTER TABLE waiting ADD COLUMN needs BLOB NOT NULL DEFAULT x'';
ALTER TABLE waiting ADD COLUMN counts INTEGER NOT NULL DEFAULT 0;
CREATE INDEX waiting_for ON waiting (code, needs);

-- Epochs whose secret this device has packaged itself for everyone, or has from the master, so that it may write under them.
CREATE TABLE epoch_packaged (epoch BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;

-- Peers are nodes too: members that were met on the local network, and the places where they were, with the seconds that dialling took. device is
-- null for relays. Uploads are queued for relays only.
ALTER TABLE node ADD COLUMN device BLOB;
CREATE TABLE node_place (
    node INTEGER NOT NULL REFERENCES node (id) ON DELETE CASCADE,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    seconds REAL NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (node, host, port)
) STRICT, WITHOUT ROWID;

-- Checkpoints that this device knows of: verdict open, same or differs; reason: what was found to differ; since: when it learned of it, or judged it.
CREATE TABLE checkpoint (name BLOB PRIMARY KEY, verdict TEXT NOT NULL, reason TEXT NOT NULL, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX client_of_entry ON client (arrival);

-- Of which file a blob is the sealed segment, as far as records and kept indexes tell; what a record claims wrongly is found out when it is sealed.
-- For neighbours, who ask by blob. blob_promise: blobs that this device promised to keep, until when in milliseconds since 1970.
CREATE TABLE blob_segment (blob BLOB NOT NULL, file BLOB NOT NULL, segment INTEGER NOT NULL, PRIMARY KEY (blob, file, segment)) STRICT, WITHOUT ROWID;
CREATE TABLE blob_promise (blob BLOB PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- What became of an invitation, for the command that waits for it: the device that was let in, or a sentence.
ALTER TABLE invitation ADD COLUMN joined BLOB;
ALTER TABLE invitation ADD COLUMN failure TEXT NOT NULL DEFAULT '';
