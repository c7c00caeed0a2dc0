// Justified rows: what holds for any photos, at any width.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { breakRows, estimateHeight, firstBelow, layOut, nearestInRow, shownRatio, verticalNeighbour } from '../../peer/gallery/page/timeline/layout.js';

/** The same numbers at each run (mulberry32). */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const USUAL = { width: 1200, target: 184, gap: 4, hasDays: true, hasTitle: true };
const WHOLE = { isFirst: true, isLast: true, dayBefore: null, dayAfter: null };

const ratioOf = (random) => {
  const kind = random();
  if (kind < 0.02) return 8 + random() * 60;
  if (kind < 0.04) return 0.02 + random() * 0.2;
  return kind < 0.6 ? 1.5 : 0.5 + random() * 1.6;
};

function geometries(random) {
  const widths = [320, 390, 768, 1200, 2540, 3800];
  const targets = [46, 116, 184, 356];
  return Array.from({ length: 24 }, () => ({
    width: widths[Math.floor(random() * widths.length)] + Math.floor(random() * 9),
    target: targets[Math.floor(random() * targets.length)],
    gap: 2 + Math.floor(random() * 3),
    hasDays: random() < 0.7,
    hasTitle: random() < 0.7,
  }));
}

/** Photos of one row: boxes with the same upper edge and day. */
function rowsOf({ boxes, groups }) {
  const rows = [];
  for (const group of groups) {
    let last = null;
    for (let index = group.first; index < group.end; index += 1) {
      const [x, y, width, height] = boxes.subarray(index * 4, index * 4 + 4);
      if (last?.y !== y) {
        last = { y, height, group, boxes: [] };
        rows.push(last);
      }
      last.boxes.push({ index, x, width });
    }
  }
  return rows;
}

test('ten thousand photos of any shape are in order, whole, even and undistorted', () => {
  const random = generator(7);
  for (const geometry of geometries(random)) {
    const count = 10_000 / 24;
    const ratios = Array.from({ length: count }, () => shownRatio(ratioOf(random) * 1000, 1000, geometry));
    const days = Array.from({ length: count }, () => '').map((_, index) => `2024-07-${String(31 - Math.floor(index / (count / 30))).padStart(2, '0')}`);
    const laid = layOut(days, ratios, WHOLE, geometry);
    const rows = rowsOf(laid);
    assert.deepEqual(rows.flatMap((row) => row.boxes.map(({ index }) => index)), ratios.map((_, index) => index));
    for (const [number, row] of rows.entries()) {
      assert.ok(row.height > 0 && row.y + row.height <= laid.height);
      const isLastOfDay = rows[number + 1]?.group !== row.group;
      if (!isLastOfDay) assert.equal(row.boxes.at(-1).x + row.boxes.at(-1).width, geometry.width);
      for (const [place, { index, x, width }] of row.boxes.entries()) {
        assert.ok(x >= 0 && x + width <= geometry.width, `${x} + ${width} > ${geometry.width}`);
        assert.ok(Math.abs(width - ratios[index] * row.height) <= 1.01 + ratios[index] / 2, 'distorted');
        if (place) assert.equal(x - row.boxes[place - 1].x - row.boxes[place - 1].width, geometry.gap);
      }
    }
  }
});

test('rows are near the wanted height when photos are usual', () => {
  const random = generator(11);
  const ratios = Array.from({ length: 5_000 }, () => [1.5, 1.333, 0.75, 0.667, 1.778][Math.floor(random() * 5)]);
  for (const row of breakRows(ratios, USUAL).slice(0, -1)) {
    assert.ok(row.fills);
    assert.ok(row.height > USUAL.target * 0.7 && row.height < USUAL.target * 1.45, String(row.height));
  }
});

test('the last row of a day keeps the wanted height', () => {
  const { boxes } = layOut(['2024-07-21'], [1.5], WHOLE, USUAL);
  assert.deepEqual([...boxes.subarray(2)], [276, 184]);
});

test('a row that goes on in the next piece fills the width', () => {
  const days = Array.from({ length: 11 }, () => '2024-07-21');
  const ratios = days.map(() => 1.5);
  const open = rowsOf(layOut(days, ratios, WHOLE, USUAL)).at(-1).boxes.at(-1);
  const closed = rowsOf(layOut(days, ratios, { ...WHOLE, isLast: false, dayAfter: '2024-07-21' }, USUAL)).at(-1).boxes.at(-1);
  assert.ok(open.x + open.width < USUAL.width);
  assert.equal(closed.x + closed.width, USUAL.width);
});

test('a lone photo whose day goes on is no giant', () => {
  const { boxes } = layOut(['2024-07-21'], [0.7], { ...WHOLE, isLast: false, dayAfter: '2024-07-21' }, USUAL);
  assert.equal(boxes[3], USUAL.target);
});

test('a panorama among squares is seen whole, up to where it would be a line', () => {
  assert.equal(shownRatio(6000, 1000, USUAL), 6);
  assert.ok(shownRatio(100_000, 10, USUAL) <= USUAL.width / (USUAL.target * 0.5));
  assert.ok(shownRatio(1, 10_000, USUAL) >= 0.4);
  assert.equal(shownRatio(null, null, USUAL), 1);
  const laid = rowsOf(layOut(['', '', ''], [1, 13, 1], WHOLE, USUAL));
  assert.ok(Math.min(...laid.map((row) => row.height)) >= 60);
});

test('short days stand beside each other, and never overlap', () => {
  const days = ['2024-07-05', '2024-07-04', '2024-07-03', '2024-07-02', '2024-07-01'];
  const { groups } = layOut(days, [1, 1, 1.5, 1, 1], WHOLE, USUAL);
  assert.equal(new Set(groups.map((group) => group.top)).size, 1);
  for (const [number, group] of groups.slice(1).entries()) assert.ok(group.left >= groups[number].left + groups[number].width + 8);
  assert.ok(groups.at(-1).left + groups.at(-1).width <= USUAL.width);
});

test('a day that began in the piece before has no second heading', () => {
  const { groups } = layOut(['2024-07-05', '2024-07-04'], [1, 1], { ...WHOLE, isFirst: false, dayBefore: '2024-07-05' }, USUAL);
  assert.deepEqual(groups.map((group) => group.hasTitle), [false, true]);
});

test('without days there is one flow', () => {
  const { groups } = layOut(['2024-07-05', '2024-07-04'], [1, 1], WHOLE, { ...USUAL, hasDays: false });
  assert.deepEqual(groups.map(({ first, end, hasTitle }) => [first, end, hasTitle]), [[0, 2, false]]);
});

test('an estimate is near what it estimates', () => {
  const random = generator(3);
  for (const target of [72, 184, 356]) {
    const geometry = { ...USUAL, target };
    const ratios = Array.from({ length: 250 }, () => (random() < 0.7 ? 1.5 : 0.7));
    const days = ratios.map((_, index) => `2024-07-${String(28 - Math.floor(index / 12)).padStart(2, '0')}`);
    const { height } = layOut(days, ratios, WHOLE, geometry);
    const estimated = estimateHeight(250, WHOLE, geometry);
    assert.ok(estimated > height * 0.6 && estimated < height * 1.6, `${estimated} for ${height}`);
  }
  assert.equal(estimateHeight(0, WHOLE, USUAL), 0);
});

test('up and down go to the nearest photo of the next row', () => {
  const boxes = Int32Array.from([0, 0, 100, 50, 104, 0, 100, 50, 0, 54, 50, 50, 54, 54, 150, 50]);
  assert.equal(verticalNeighbour(boxes, 0, 1), 2);
  assert.equal(verticalNeighbour(boxes, 1, 1), 3);
  assert.equal(verticalNeighbour(boxes, 2, -1), 0);
  assert.equal(verticalNeighbour(boxes, 0, -1), -1);
  assert.equal(verticalNeighbour(boxes, 3, 1), -1);
  assert.equal(nearestInRow(boxes, 3, -1, 10), 2);
});

test('the first photo below a height is found', () => {
  const boxes = Int32Array.from([0, 0, 100, 50, 104, 0, 100, 50, 0, 54, 50, 50]);
  assert.deepEqual([-10, 0, 49, 50, 103, 104].map((y) => firstBelow(boxes, y)), [0, 0, 0, 2, 2, 3]);
  assert.equal(firstBelow(new Int32Array(0), 5), 0);
});
