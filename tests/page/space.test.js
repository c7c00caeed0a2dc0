// Scrolling through more than browsers lay out.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LIMIT, ScrollSpace } from '../../peer/gallery/page/timeline/space.js';

function spaceOf(total, view = 800) {
  const space = new ScrollSpace();
  Object.assign(space, { total, view });
  space.settle();
  return space;
}

test('a small space is the browser’s, pixel by pixel', () => {
  const space = spaceOf(50_000);
  assert.equal(space.height, 50_000);
  for (const position of [0, 1, 333, 49_199, 49_200]) {
    space.position = position;
    assert.equal(space.settle(), position);
    assert.equal(space.offset, 0);
  }
});

test('the browser never gets more than the limit, and every position has a place in it, in order', () => {
  const space = spaceOf(240_000_000);
  assert.equal(space.height, LIMIT);
  let before = -1;
  for (let position = 0; position <= space.end; position += 777_777) {
    space.position = position;
    const place = space.settle();
    assert.ok(place >= before && place <= LIMIT - 800);
    assert.ok(space.isSettled);
    before = place;
  }
});

test('both ends are exact, so that nothing is beyond them', () => {
  const space = spaceOf(240_000_000);
  space.position = 5_000;
  assert.equal(space.settle(), 5_000);
  space.position = space.end - 5_000;
  assert.equal(space.settle(), LIMIT - 800 - 5_000);
  space.position = space.end + 99;
  assert.equal(space.settle(), LIMIT - 800);
  assert.equal(space.position, space.end);
  space.position = -5;
  assert.equal(space.settle(), 0);
});

test('a pixel scrolled is a pixel moved, wherever it is', () => {
  const space = spaceOf(240_000_000);
  space.position = 100_000_000;
  const place = space.settle();
  space.scrolled(place + 120);
  assert.equal(space.position, 100_000_120);
  assert.equal(space.isAtEdge, false);
});

test('content that moves doesn’t move the browser', () => {
  const space = spaceOf(50_000);
  space.position = 20_000;
  const place = space.settle();
  space.position += 340;
  assert.equal(space.offset, -340);
  space.scrolled(place);
  assert.equal(space.position, 20_340);
  assert.equal(space.isSettled, false);
  space.total += 340;
  assert.equal(space.settle(), 20_340);
});

test('an end of the browser’s space that isn’t ours asks for a new place, and the other way round', () => {
  const space = spaceOf(240_000_000);
  space.position = 1_000_000;
  const place = space.settle();
  space.scrolled(0);
  assert.equal(space.position, 1_000_000 - place);
  assert.equal(space.isAtEdge, true);
  assert.ok(space.settle() > 0);
  assert.equal(space.isAtEdge, false);
  space.position = -30;
  assert.equal(space.isAtEdge, true);
});

test('a library without photos doesn’t scroll', () => {
  const space = spaceOf(0);
  assert.equal(space.height, 800);
  assert.equal(space.settle(), 0);
  assert.equal(space.isAtEdge, false);
});
