// What people write into the editors of date and place.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { placed, unplaced } from '../../peer/gallery/page/viewer/world.js';
import { coordinatesIn, coordinatesText } from '../../peer/gallery/page/views/parts/coordinates.js';
import { partsOf, setting, shifting, ZONES, zoneText } from '../../peer/gallery/page/views/parts/times.js';

test('places are understood as people copy them', () => {
  for (const text of ['59.33, 18.06', '59.33 18.06', '59,33; 18,06', '59.33° N, 18.06° E', 'geo:59.33,18.06', 'geo:59.33,18.06;u=35']) {
    assert.deepEqual(coordinatesIn(text), [59.33, 18.06], text);
  }
  assert.deepEqual(coordinatesIn('33.87 S 151.21 E'), [-33.87, 151.21]);
  assert.deepEqual(coordinatesIn('−33.87, −70.5'), [-33.87, -70.5]);
  assert.deepEqual(coordinatesIn('59°30′N 18°15′0″E'), [59.5, 18.25]);
  assert.deepEqual(coordinatesIn(`59°30'0" N, 18°15'0" W`), [59.5, -18.25]);
  assert.deepEqual(coordinatesIn('https://maps.example/@59.33,18.06,12z'), [59.33, 18.06]);
  assert.deepEqual(coordinatesIn('https://www.openstreetmap.org/#map=12/59.33/18.06'), [59.33, 18.06]);
  assert.deepEqual(coordinatesIn('https://www.openstreetmap.org/?mlat=59.33&mlon=18.06'), [59.33, 18.06]);
});

test('what is no place is none', () => {
  for (const text of ['', 'Stockholm', '59.33', '91, 0', '0, 181', '1, 2, 3', 'https://maps.example/Stockholm', '<b>59, 18</b>']) assert.equal(coordinatesIn(text), null, text);
});

test('a place that was written is read again', () => {
  for (const place of [
    [0, 0],
    [-89.999999, 179.5],
    [59.123456, -18.000001],
  ]) {
    assert.deepEqual(coordinatesIn(coordinatesText(place)), place);
  }
});

test('who points at a place on the map means that place', () => {
  for (const place of [
    [59.33, 18.06],
    [-33.87, -151.21],
  ]) {
    assert.deepEqual(unplaced(placed(...place)), place);
  }
});

test('times come apart and together again', () => {
  for (const taken of ['2024-07-21T18:03:11+02:00', '2024-07-21T18:03:11Z', '2024-07-21T18:03:11']) assert.deepEqual(setting(partsOf(taken)), [`taken=${taken}`]);
  assert.deepEqual(partsOf('2024-07-21T18:03:11.042+02:00'), { date: '2024-07-21', time: '18:03:11', zone: '+02:00' });
  assert.deepEqual(partsOf(null), { date: '', time: '', zone: '' });
  assert.deepEqual(setting({ date: '2024-07-21', time: '', zone: '' }), ['taken=2024-07-21T12:00']);
});

test('a clock that was wrong', () => {
  const nothing = { days: 0, hours: 0, minutes: 0, isEarlier: false, zone: '' };
  assert.deepEqual(shifting(nothing), []);
  assert.deepEqual(shifting({ ...nothing, days: 2, minutes: 5 }), ['taken+=2d5m']);
  assert.deepEqual(shifting({ ...nothing, hours: 1, isEarlier: true, zone: '+02:00' }), ['taken-=1h', 'zone=+02:00']);
});

test('zones go from west to east, each once', () => {
  const minutes = (zone) => (zone === 'Z' ? 0 : (zone[0] === '-' ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4))));
  const all = ZONES.map(minutes);
  assert.deepEqual(all, [...new Set(all)].sort((a, b) => a - b));
  assert.equal(zoneText('Z'), 'UTC');
  assert.equal(zoneText('-05:00'), 'UTC−05:00');
});
