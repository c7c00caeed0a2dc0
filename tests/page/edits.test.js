import assert from 'node:assert/strict';
import test from 'node:test';

import { changesBetween, flipped, isNeutral } from '../../peer/gallery/page/viewer/edits.js';
import { NEUTRAL, understood } from '../../peer/gallery/page/viewer/pixels.js';

test('only what differs is told', () => {
  const before = understood({ exposure: 20, crop: [0.1, 0.1, 0.5, 0.5], filter: 'noir' });
  assert.deepEqual(changesBetween(before, before), {});
  assert.deepEqual(changesBetween(before, { ...before, exposure: 0, tint: -12, filter: '', crop: NEUTRAL.crop }), {
    crop: 'none',
    exposure: 'none',
    tint: '-12',
    filter: 'none',
  });
  assert.deepEqual(changesBetween(NEUTRAL, { ...NEUTRAL, crop: [0.1, 0, 1 / 3, 1], straighten: -1.5, flip: 'h', monochrome: true }), {
    crop: '0.100000,0.000000,0.333333,1.000000',
    straighten: '-1.5',
    flip: 'h',
    monochrome: 'yes',
  });
});

test('turns are told by how much more', () => {
  assert.deepEqual(changesBetween({ ...NEUTRAL, rotate: 270 }, { ...NEUTRAL, rotate: 90 }), { rotate: '180' });
  assert.deepEqual(changesBetween({ ...NEUTRAL, rotate: 90 }, NEUTRAL), { rotate: '270' });
});

test('a flip is that of the picture as it is seen', () => {
  assert.equal(flipped({ flip: '', rotate: 0 }, 'h'), 'h');
  assert.equal(flipped({ flip: '', rotate: 90 }, 'h'), 'v');
  assert.equal(flipped({ flip: 'hv', rotate: 180 }, 'v'), 'h');
  assert.equal(flipped({ flip: 'v', rotate: 0 }, 'h'), 'hv');
});

test('nothing edited is neutral', () => {
  assert.ok(isNeutral(understood({})));
  assert.ok(!isNeutral(understood({ vignette: 1 })));
});
