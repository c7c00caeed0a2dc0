// What was done, in words; what became of imports; and how fast queues become shorter.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { actionText, arrivalText } from '../../peer/gallery/page/views/parts/deeds.js';
import { outcomeText } from '../../peer/gallery/page/views/parts/outcome.js';
import { flowAfter, remaining } from '../../peer/gallery/page/views/parts/flow.js';

const arrival = (did, photos, rest = {}) => arrivalText({ did, photos, others: 0, purged: 0, ...rest });

test('actions have the names of what people did', () => {
  assert.equal(actionText('location'), 'Place changed');
  assert.equal(actionText('album, photos added'), 'Added to an album');
  assert.equal(actionText('undo of album into the trash'), 'Undone: album deleted');
  assert.equal(actionText('conflict in edit:crop'), 'Conflict about crop settled');
  assert.equal(actionText('rating, caption'), 'Changed: rating and caption');
  assert.equal(actionText('something_new'), 'Something new');
});

test('what others did is a sentence', () => {
  assert.equal(arrival(['import'], 12), 'imported 12 photos');
  assert.equal(arrival(['caption', 'rating'], 1), 'changed caption and rating of 1 photo');
  assert.equal(arrival(['album', 'position'], 3), 'put 3 photos into an album');
  assert.equal(arrival(['album:title', 'album'], 2, { others: 1 }), 'put 2 photos into an album and named an album');
  assert.equal(arrival(['purge'], 0, { purged: 2 }), 'deleted 2 photos for good');
  assert.equal(arrival(['device:model', 'device:name'], 0, { others: 1 }), 'joined the library');
  assert.equal(arrival([], 0), 'changed something');
});

const told = (uploads, bytes, sent) => ({
  queues: { uploads, upload_bytes: bytes, downloads: 0, download_bytes: 0 },
  counts: { bytes_up: sent, bytes_down: 0 },
});

test('a queue that becomes shorter at an even pace says how long it takes', () => {
  let flow = null;
  for (let second = 0; second < 10; second += 1) flow = flowAfter(flow, told(5, 1000 - 50 * second, 50 * second), second);
  assert.equal(flow.ways.upload.most, 1000);
  assert.equal(flow.ways.upload.speed, 50);
  assert.equal(remaining(flow.ways.upload), 550 / 50);
  assert.ok(Number.isNaN(remaining(flow.ways.download)));
});

test('an empty queue forgets how long it was, and a peer that began anew has sent nothing backwards', () => {
  let flow = flowAfter(null, told(2, 100, 9000), 0);
  flow = flowAfter(flow, told(2, 100, 10), 1);
  assert.equal(flow.ways.upload.speed, 0);
  flow = flowAfter(flow, told(0, 0, 10), 2);
  assert.deepEqual(flow.ways.upload, { items: 0, bytes: 0, speed: 0, most: 0 });
});

test('what became of an import', () => {
  assert.equal(outcomeText({ imported: 12 }), '12 photos imported');
  assert.equal(outcomeText({ imported: 1, duplicates: 3, joined: ['a'] }), '1 photo imported; 3 photos already there and 1 photo got files that belong to them');
  assert.equal(outcomeText({ imported: 0, duplicates: 3 }), 'Nothing new: 3 photos already there');
  assert.equal(outcomeText({ imported: 0, deleted_before: 2 }), 'Nothing new');
  assert.equal(outcomeText({ imported: 0 }), 'Nothing was imported');
});
