import assert from 'node:assert/strict';
import test from 'node:test';

import { Strip } from '../../peer/gallery/page/viewer/strip.js';

const letters = 'abcdef';
const row = (id) => ({ id });

function stripFrom(id) {
  const asked = [];
  const strip = new Strip(row(id), async (from, step) => {
    asked.push(from + step);
    const next = letters[letters.indexOf(from) + step];
    return next ? row(next) : null;
  });
  return { strip, asked };
}

test('neighbours are learned in both directions, each once', async () => {
  const { strip, asked } = stripFrom('c');
  assert.deepEqual(await strip.learn(0, 2), [1, 2]);
  assert.deepEqual(await strip.learn(0, -1), [-1]);
  assert.deepEqual(await strip.learn(0, 2), []);
  assert.equal(strip.at(2).id, 'e');
  assert.equal(strip.at(-1).id, 'b');
  assert.equal(asked.length, 3);
});

test('nobody is asked for twice at once', async () => {
  const { strip, asked } = stripFrom('c');
  await Promise.all([strip.learn(0, 2), strip.learn(0, 1), strip.learn(0, 2)]);
  assert.equal(asked.length, 2);
});

test('where nobody stands is the end, until somebody comes', async () => {
  const { strip } = stripFrom('e');
  assert.deepEqual(await strip.learn(0, 5), [1]);
  assert.deepEqual(await strip.learn(1, 3), []);
  assert.equal(strip.nearest(7), 1);
  await strip.learn(0, -9);
  assert.equal(strip.nearest(-50), -4);
  const loading = [];
  const late = new Strip(row('c'), async () => loading[0] ?? null);
  assert.deepEqual(await late.learn(0, 1), []);
  loading.push(row('d'));
  assert.deepEqual(await late.learn(0, 1), [1]);
});

test('a row that changed is shown in its place', async () => {
  const { strip } = stripFrom('a');
  await strip.learn(0, 1);
  assert.equal(strip.update({ id: 'b', caption: 'new' }), 1);
  assert.equal(strip.at(1).caption, 'new');
  assert.equal(strip.update({ id: 'z' }), undefined);
});
