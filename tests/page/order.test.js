// Moving one thing in a list, and telling the peer.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { moved, placeIn } from '../../peer/gallery/page/views/parts/order.js';

/** What the peer makes of it. */
function told(list, id, place) {
  const rest = list.filter((each) => each !== id);
  if (place === null) return list;
  const at = place.before === undefined ? rest.indexOf(place.after) + 1 : rest.indexOf(place.before);
  rest.splice(at, 0, id);
  return rest;
}

test('whatever is moved, the peer comes to the same order', () => {
  const list = [...'abcdef'];
  for (let from = 0; from < list.length; from += 1) {
    for (let to = 0; to < list.length; to += 1) {
      const now = moved(list, from, to);
      assert.equal(now[to], list[from]);
      assert.deepEqual([...now].sort(), list);
      assert.deepEqual(told(list, list[from], placeIn(now, to, list)), now);
    }
  }
});

test('what stays in its place is not told', () => {
  assert.equal(placeIn([...'abc'], 1, [...'abc']), null);
  assert.equal(placeIn(['a'], 0, ['a']), null);
});
