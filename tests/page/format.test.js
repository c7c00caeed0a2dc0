// Amounts and times in words.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { agoText, countOf, listText, momentText, remainingText, sizeText } from '../../peer/gallery/page/lib/format.js';

const NOW = Date.parse('2026-11-23T12:00:00Z');
const ago = (seconds) => agoText(new Date(NOW - seconds * 1000).toISOString(), NOW);

test('sizes are in powers of a thousand, and never say 1000 of a unit', () => {
  assert.equal(sizeText(0), '0 bytes');
  assert.equal(sizeText(1), '1 byte');
  assert.equal(sizeText(999), '999 bytes');
  assert.equal(sizeText(1000), '1 kB');
  assert.equal(sizeText(1400), '1.4 kB');
  assert.equal(sizeText(999_499), '999 kB');
  assert.equal(sizeText(999_500), '1 MB');
  assert.equal(sizeText(123_456_789), '123 MB');
  assert.equal(sizeText(50e9), '50 GB');
  for (const odd of [-1, NaN, undefined, null, 'x']) assert.equal(sizeText(odd), '0 bytes');
});

test('sizes grow with bytes', () => {
  let before = 0;
  for (let bytes = 1; bytes < 1e15; bytes = Math.ceil(bytes * 1.7)) {
    const [amount, unit] = sizeText(bytes).replace(/,/g, '').split(' ');
    const value = Number(amount) * 1000 ** ['byte', 'kB', 'MB', 'GB', 'TB', 'PB'].indexOf(unit.replace('bytes', 'byte'));
    assert.ok(value >= before * 0.99, sizeText(bytes));
    assert.ok(Math.abs(value - bytes) <= bytes * 0.06, `${bytes}: ${sizeText(bytes)}`);
    before = value;
  }
});

test('counts have their plurals', () => {
  assert.equal(countOf(1, 'photo'), '1 photo');
  assert.equal(countOf(0, 'photo'), '0 photos');
  assert.equal(countOf(12_000, 'entry', 'entries'), '12,000 entries');
});

test('how long ago something was', () => {
  assert.equal(ago(3), 'just now');
  assert.equal(ago(-3), 'just now');
  assert.equal(ago(180), '3 minutes ago');
  assert.equal(ago(7200), '2 hours ago');
  assert.equal(ago(86_400), 'yesterday');
  assert.equal(ago(-180), 'in 3 minutes');
  for (const odd of [null, undefined, '', 'never', 'x']) assert.equal(agoText(odd, NOW), 'never');
});

test('a moment that is none', () => {
  for (const odd of [null, undefined, '', 'x']) assert.equal(momentText(odd), 'never');
  assert.match(momentText('2026-11-23T12:00:00Z'), /2026/);
});

test('how long something still takes', () => {
  assert.equal(remainingText(5), 'less than a minute');
  assert.equal(remainingText(60), 'about 1 minute');
  assert.equal(remainingText(3 * 3600), 'about 3 hours');
  assert.equal(remainingText(3 * 86_400), 'about 3 days');
  for (const odd of [NaN, Infinity, -1]) assert.equal(remainingText(odd), '');
});

test('lists are sentences', () => {
  assert.equal(listText([]), '');
  assert.equal(listText(['a']), 'a');
  assert.equal(listText(['a', 'b', 'c']), 'a, b and c');
  assert.equal(listText(['a', 'b', 'c', 'd', 'e']), 'a, b, c and 2 others');
});
