import assert from 'node:assert/strict';
import test from 'node:test';

import { bytes, camera, coordinates, dimensions, exposureOf, fieldName, holdersOf, listed, locationOf, momentOf, valueText } from '../../peer/gallery/page/viewer/facts.js';

test('sizes are short', () => {
  assert.deepEqual([0, 1, 999, 1000, 1_234_567, 123_456_789, 5e12].map(bytes), ['0 bytes', '1 byte', '999 bytes', '1 kB', '1.2 MB', '123 MB', '5 TB']);
  assert.equal(bytes(null), '');
});

test('dimensions come with megapixels', () => {
  assert.equal(dimensions(4000, 3000), '4,000 × 3,000 · 12 MP');
  assert.equal(dimensions(10, 10), '10 × 10');
  assert.equal(dimensions(null, 3), '');
});

test('a maker is named once', () => {
  assert.equal(camera({ make: 'Canon', model: 'Canon EOS R5' }), 'Canon EOS R5');
  assert.equal(camera({ make: 'NIKON CORPORATION', model: 'NIKON D750' }), 'NIKON D750');
  assert.equal(camera({ make: 'Apple', model: 'iPhone 7' }), 'Apple iPhone 7');
  assert.equal(camera({}), '');
});

test('exposures read as photographers write them', () => {
  assert.deepEqual(exposureOf({ focal: 3.99, f: 1.8, exposure: 1 / 250, iso: 100 }), ['4 mm', 'ƒ1.8', '1/250 s', 'ISO 100']);
  assert.deepEqual(exposureOf({ exposure: 2, f: 0, iso: 'x' }), ['2 s']);
});

test('a time is that of the place where it was taken', () => {
  const { date, time, zone } = momentOf('2024-07-21T18:03:11+02:00');
  assert.match(date, /Sunday.*21.*July.*2024|Sunday.*July.*21.*2024/);
  assert.match(time, /18:03|6:03/);
  assert.equal(zone, 'UTC+02:00');
  assert.equal(momentOf('soon'), null);
  assert.equal(momentOf(null), null);
});

test('a place is what a person said, else what the file says', () => {
  assert.deepEqual(locationOf({ location: null, exif: { gps: [1, 2] } }), [1, 2]);
  assert.deepEqual(locationOf({ location: [3, 4], exif: { gps: [1, 2] } }), [3, 4]);
  assert.equal(locationOf({ location: null, exif: { gps: ['north', 1] }, sidecar: null }), null);
  assert.equal(coordinates([36.95341, -4.547, 1181.2]), '36.9534° N, 4.5470° W, 1181 m');
});

test('only those who are known to have a file hold it', () => {
  const holders = [{ node: 'NAS', acknowledged: true }, { node: 'phone', acknowledged: false }];
  assert.deepEqual(holdersOf({ here: true, holders }), ['this device', 'NAS']);
  assert.deepEqual(holdersOf({ here: false }), []);
});

test('fields and values are plain words', () => {
  assert.equal(fieldName('edit:exposure'), 'exposure');
  assert.equal(fieldName('taken'), 'date');
  assert.equal(valueText('favorite', true), 'yes');
  assert.equal(valueText('edit:crop', [0.12345, 0, 1, 1]), '0.1, 0, 1, 1');
  assert.equal(valueText('exposure', -30.25), '−30.3');
  assert.equal(valueText('caption', null), 'nothing');
  assert.equal(valueText('caption', '<b>x</b>'), '<b>x</b>');
  assert.equal(listed(['a', 'b', 'c']), 'a, b and c');
});
