// Dates and names in words.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { countText, dayInFull, dayTitle, durationText, monthTitle, nameOf, NO_TIME, spokenName } from '../../peer/gallery/page/timeline/words.js';

test('months and days are those where the photo was taken', () => {
  assert.equal(monthTitle('2024-07'), 'July 2024');
  assert.equal(monthTitle('0099-01'), 'January 99');
  assert.equal(monthTitle(''), NO_TIME);
  assert.match(dayTitle('2024-07-21'), /Sunday/);
  assert.match(dayInFull('2024-07-21'), /2024/);
  assert.equal(dayTitle('2024-07-21', 500, '2024-07-21'), 'Today');
  assert.ok(dayTitle('2024-07-21', 80).length < dayTitle('2024-07-21', 500).length);
  assert.equal(dayTitle('nonsense'), NO_TIME);
});

test('durations', () => {
  assert.deepEqual([0, 0.4, 5, 65, 3599.6, 3725].map(durationText), ['0:00', '0:00', '0:05', '1:05', '1:00:00', '1:02:05']);
});

test('counts', () => {
  assert.deepEqual([0, 1, 12_000].map((count) => countText(count)), ['0 photos', '1 photo', '12,000 photos']);
});

test('a photo is called by its caption, else its time, else its name', () => {
  assert.equal(nameOf({ caption: 'At the sea', taken: '2024-07-21T18:03:11+02:00', name: 'a.jpg' }), 'At the sea');
  assert.match(nameOf({ caption: '', taken: '2024-07-21T18:03:11+02:00', name: 'a.jpg' }), /21 July 2024|July 21, 2024/);
  assert.equal(nameOf({ caption: '', taken: null, name: 'a.jpg' }), 'a.jpg');
  assert.equal(nameOf({ caption: 'x'.repeat(3000), taken: null, name: '' }).length, 201);
  assert.equal(nameOf({}), 'Without a name');
});

test('what badges show is heard, too', () => {
  const spoken = spokenName({ kind: 'video', duration: 65, caption: '<b>sea</b>', favorite: true, rating: 4, live: false, raw: true, conflicts: 2, original: 'elsewhere' });
  assert.equal(spoken, 'Video, 1:05, <b>sea</b>, favourite, rated 4, RAW, 2 open conflicts, original on another device');
});
