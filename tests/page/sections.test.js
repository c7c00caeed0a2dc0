// What is where on the timeline: months, blocks, photos.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BLOCK, Sections } from '../../peer/gallery/page/timeline/sections.js';

const GEOMETRY = { width: 1200, target: 184, gap: 4, hasDays: true, hasTitle: true };

function sectionsOf(months) {
  const sections = new Sections();
  sections.setGeometry(GEOMETRY);
  sections.replace(months.map(([month, count]) => ({ month, count, revision: 1 })));
  return sections;
}

const rowsFor = (block, prefix = 'photo') =>
  Array.from({ length: block.count }, (_, index) => ({
    id: `${prefix}-${block.section.month}-${block.from + index}`,
    taken: `${block.section.month}-15T10:00:00`,
    width: 1500,
    height: 1000,
  }));

function fill(sections, block, prefix) {
  sections.fill(block, rowsFor(block, prefix), null, null);
  sections.layOut(block);
  sections.measure();
}

test('months are cut into blocks, newest first, those without a date last', () => {
  const sections = sectionsOf([['', 3], ['2024-06', BLOCK + 1], ['2024-07', 5]]);
  assert.deepEqual(sections.list.map((section) => section.month), ['2024-07', '2024-06', '']);
  assert.deepEqual(sections.blocks.map(({ from, count }) => [from, count]), [[0, 5], [0, BLOCK], [BLOCK, 1], [0, 3]]);
  assert.deepEqual(sections.blocks.map(({ isFirst, isLast }) => [isFirst, isLast]), [[true, true], [true, false], [false, true], [true, true]]);
  assert.equal(sections.count, BLOCK + 9);
});

test('a million photos have a height, and every height a block', () => {
  const months = Array.from({ length: 264 }, (_, index) => [`${2004 + Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}`, 3788]);
  const sections = sectionsOf(months);
  assert.equal(sections.count, 1_000_032);
  assert.ok(sections.total > 17_000_000, 'higher than Firefox lays out');
  for (let y = 0; y < sections.total; y += 99_991) {
    const block = sections.blocks[sections.blockNumberAt(y)];
    assert.ok(block.top <= y && y < block.top + block.height);
  }
  assert.equal(sections.blockNumberAt(-50), 0);
  assert.equal(sections.blockNumberAt(sections.total + 50), sections.blocks.length - 1);
});

test('numbers and photos find each other', () => {
  const sections = sectionsOf([['2024-07', 5], ['2024-06', 300]]);
  for (const block of sections.blocks) fill(sections, block);
  const place = sections.placeAt(5 + BLOCK);
  assert.equal(place.block.rows[place.index].id, `photo-2024-06-${BLOCK}`);
  assert.deepEqual(sections.places.get(`photo-2024-06-${BLOCK}`), place);
  assert.equal(sections.placeAt(305), null);
  assert.equal(sections.placeAt(-1), null);
});

test('the photo at the top is found, and its box', () => {
  const sections = sectionsOf([['2024-07', 40], ['2024-06', 40]]);
  for (const block of sections.blocks) fill(sections, block);
  const place = sections.firstPhotoBetween(sections.blocks[1].top, sections.total);
  assert.deepEqual([place.block, place.index], [sections.blocks[1], 0]);
  assert.ok(sections.boxOf(place).y > sections.blocks[1].top);
  assert.equal(sections.firstPhotoBetween(sections.total + 1, sections.total + 2), null);
});

test('a change of one month leaves the others as they are', () => {
  const sections = sectionsOf([['2024-07', 5], ['2024-06', 5]]);
  for (const block of sections.blocks) fill(sections, block);
  const [july, june] = sections.blocks;
  const made = sections.merge([{ month: '2024-07', count: 6, revision: 2 }]);
  assert.equal(made.length, 1);
  assert.notEqual(sections.blocks[0], july);
  assert.equal(sections.blocks[1], june);
  assert.ok(june.rows && june.layout);
  assert.equal(sections.places.has('photo-2024-07-0'), false);
  sections.merge([{ month: '2024-07', count: 0, revision: 3 }, { month: '2023-01', count: 2, revision: 3 }]);
  assert.deepEqual(sections.list.map((section) => section.month), ['2024-06', '2023-01']);
});

test('a photo that moved to another block is found there, whichever of both is forgotten first', () => {
  const sections = sectionsOf([['2024-07', 2], ['2024-06', 2]]);
  const [july, june] = sections.blocks;
  fill(sections, july, 'same');
  sections.fill(june, july.rows, null, null);
  sections.drop(july);
  assert.equal(sections.places.get('same-2024-07-0').block, june);
});

test('another width keeps the photos, and forgets the boxes', () => {
  const sections = sectionsOf([['2024-07', 50]]);
  const [block] = sections.blocks;
  fill(sections, block);
  const before = block.height;
  sections.setGeometry({ ...GEOMETRY, width: 600 });
  assert.ok(block.rows);
  assert.equal(block.layout, null);
  assert.ok(block.height > before);
});

test('an album is one section without a heading', () => {
  const album = sectionsOf([['', 3]]);
  const [block] = album.blocks;
  album.fill(block, [{ id: 'a', width: 1, height: 1 }], null, null);
  album.layOut(block);
  assert.equal(block.layout.boxes[1], 0);
});
