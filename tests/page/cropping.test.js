import assert from 'node:assert/strict';
import test from 'node:test';

import { alongFrame, cropOfFrame, drawn, fits, frameOfCrop, inPicture, offScreen, onScreen, pushed, withRatio } from '../../peer/gallery/page/viewer/cropping.js';
import { NEUTRAL, frameOf } from '../../peer/gallery/page/viewer/pixels.js';

const SIZE = { width: 600, height: 400 };
const PLAIN = { flip: '', rotate: 0 };
const LOOKS = ['', 'h', 'v', 'hv'].flatMap((flip) => [0, 90, 180, 270].map((rotate) => ({ flip, rotate })));
const ANGLES = [0, 3, -12, 30, -45].map((degrees) => (degrees * Math.PI) / 180);
const random = numbers(7);

/** Numbers in [0, 1), the same each time. */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const near = (one, other, most = 1e-3) => assert.ok(Math.abs(one - other) <= most, `${one} is not ${other}`);

test('a crop is its own frame, and the frame its crop', () => {
  const crop = [0.1, 0.25, 0.5, 0.5];
  assert.deepEqual(cropOfFrame(SIZE, frameOfCrop(SIZE, crop, 0)), crop);
});

test('what is seen of a turned crop is what is rendered', () => {
  for (const straighten of [-40, -7, 2, 25]) {
    const crop = [0.05, 0.1, 0.9, 0.8];
    const seen = frameOfCrop(SIZE, crop, (straighten * Math.PI) / 180);
    const frame = frameOf(SIZE, { ...NEUTRAL, crop, straighten });
    near(seen.width, frame.width, 1.01);
    near(seen.height, frame.height, 1.01);
    near(seen.x, frame.x, 0.51);
  }
});

test('the ways to the screen and back undo each other', () => {
  for (const look of LOOKS) {
    const there = onScreen({ x: 3, y: 5 }, look);
    const { x, y } = offScreen(there, look);
    near(x, 3);
    near(y, 5);
  }
  for (const angle of ANGLES) {
    const { x, y } = alongFrame(inPicture({ x: 3, y: 5 }, angle), angle);
    near(x, 3);
    near(y, 5);
  }
});

test('whatever is drawn or pushed, the frame stays inside, and its crop shows it whole', () => {
  for (const look of LOOKS) {
    for (const angle of ANGLES) {
      let frame = frameOfCrop(SIZE, [0, 0, 1, 1], angle);
      for (let step = 0; step < 40; step += 1) {
        const offset = { x: (random() - 0.5) * 400, y: (random() - 0.5) * 400 };
        const sides = { x: Math.floor(random() * 3) - 1, y: Math.floor(random() * 3) - 1 };
        const ratio = random() < 0.4 ? 1.5 : null;
        frame = random() < 0.3 ? pushed(SIZE, frame, angle, look, offset) : drawn(SIZE, frame, angle, look, sides, offset, ratio);
        assert.ok(fits(SIZE, frame, angle));
        const [x, y, width, height] = cropOfFrame(SIZE, frame);
        assert.ok(x >= 0 && y >= 0 && x + width <= 1 + 1e-9 && y + height <= 1 + 1e-9);
        const seen = frameOfCrop(SIZE, [x, y, width, height], angle);
        near(seen.width, frame.width, 0.01);
        near(seen.height, frame.height, 0.01);
      }
    }
  }
});

test('a side follows the hand until it is at the border; the others stay', () => {
  const frame = frameOfCrop(SIZE, [0.25, 0.25, 0.5, 0.5], 0);
  assert.deepEqual(cropOfFrame(SIZE, drawn(SIZE, frame, 0, PLAIN, { x: 1, y: 0 }, { x: 60, y: 99 }, null)), [0.25, 0.25, 0.6, 0.5]);
  assert.deepEqual(cropOfFrame(SIZE, drawn(SIZE, frame, 0, PLAIN, { x: -1, y: -1 }, { x: -9999, y: -40 }, null)), [0, 0.15, 0.75, 0.6]);
});

test('on a picture that is turned, the right side is the one at the right of the screen', () => {
  const frame = frameOfCrop(SIZE, [0.25, 0.25, 0.5, 0.5], 0);
  // Turned clockwise by a quarter, the right of the screen is the top of the picture.
  assert.deepEqual(cropOfFrame(SIZE, drawn(SIZE, frame, 0, { flip: '', rotate: 90 }, { x: 1, y: 0 }, { x: 40, y: 0 }, null)), [0.25, 0.15, 0.5, 0.6]);
  assert.deepEqual(cropOfFrame(SIZE, drawn(SIZE, frame, 0, { flip: 'h', rotate: 0 }, { x: 1, y: 0 }, { x: 60, y: 0 }, null)), [0.15, 0.25, 0.6, 0.5]);
});

test('a ratio is kept while drawing, and made when chosen', () => {
  const frame = withRatio(SIZE, frameOfCrop(SIZE, [0.1, 0.1, 0.8, 0.8], 0), 0, PLAIN, 1);
  near(frame.width, frame.height);
  const larger = drawn(SIZE, frame, 0, PLAIN, { x: 1, y: 1 }, { x: -80, y: -20 }, 1);
  near(larger.width, larger.height);
  const upended = withRatio(SIZE, frame, 0, { flip: '', rotate: 90 }, 1.5);
  near(upended.height / upended.width, 1.5);
});
