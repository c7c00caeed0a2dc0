// What is selected.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Selection } from '../../peer/gallery/page/timeline/selection.js';

const rows = (...ids) => ids.map((id) => ({ id }));

test('toggling selects and lets go, and is where ranges begin', () => {
  const selection = new Selection();
  selection.toggle({ id: 'a' });
  assert.deepEqual([selection.ids, selection.anchor], [['a'], 'a']);
  selection.toggle({ id: 'a' });
  assert.equal(selection.size, 0);
});

test('a range takes the place of the one before it', () => {
  const selection = new Selection();
  selection.toggle({ id: 'z' });
  selection.toggle({ id: 'c' });
  selection.extend(rows('c'), rows('c', 'd', 'e'));
  selection.extend(rows('c', 'd', 'e'), rows('b', 'c'));
  assert.deepEqual(selection.ids.sort(), ['b', 'c', 'z']);
});

test('listeners are told of every change until they go', () => {
  const selection = new Selection();
  const told = [];
  const end = selection.onChange(({ size }) => told.push(size));
  selection.add(rows('a', 'b'));
  selection.remove(['a']);
  selection.clear();
  selection.clear();
  end();
  selection.add(rows('c'));
  assert.deepEqual(told, [2, 1, 0]);
});

test('rows that are known anew are what is selected', () => {
  const selection = new Selection();
  selection.add(rows('a'));
  selection.refresh([{ id: 'a', favorite: true }, { id: 'b', favorite: true }]);
  assert.deepEqual(selection.rows, [{ id: 'a', favorite: true }]);
});
