// The browser's rendering of edits against that of the peers: golden/pixels.json has what `peer.rendering` makes of one source.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { FILTERS, NEUTRAL, frameOf, rendered, reframed, shownSize, understood } from '../../peer/gallery/page/viewer/pixels.js';

const TOLERANCE = 1;
const golden = JSON.parse(readFileSync(new URL('golden/pixels.json', import.meta.url)));
const source = pictureOf(golden.source);

function pictureOf({ width, height, pixels }) {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  Buffer.from(pixels, 'hex').forEach((value, place) => {
    data[Math.floor(place / 3) * 4 + (place % 3)] = value;
  });
  return { width, height, data };
}

for (const [name, { parameters, ...expected }] of Object.entries(golden.cases)) {
  test(`${name} is rendered as by the peers`, () => {
    const wanted = pictureOf(expected);
    const made = rendered(source, understood(parameters));
    assert.deepEqual([made.width, made.height], [wanted.width, wanted.height]);
    assert.deepEqual(shownSize(source, understood(parameters)), { width: wanted.width, height: wanted.height });
    const farthest = made.data.reduce((most, value, place) => Math.max(most, Math.abs(value - wanted.data[place])), 0);
    assert.ok(farthest <= TOLERANCE, `off by ${farthest}`);
  });
}

test('all filters are held against the peers’', () => {
  const seen = Object.values(golden.cases).map(({ parameters }) => parameters.filter);
  for (const name of FILTERS.keys()) assert.ok(seen.includes(name), name);
});

test('the source is left alone, and without parameters it is the result', () => {
  const before = source.data.slice();
  rendered(source, { ...NEUTRAL, exposure: 50, vignette: 20, flip: 'h', straighten: 3 });
  assert.deepEqual(source.data, before);
  assert.equal(rendered(source, NEUTRAL), source);
});

test('what isn’t understood is neutral', () => {
  const odd = { crop: [0, 0, 1], straighten: 90, flip: 'x', rotate: 45, exposure: '10', contrast: 101, tint: null, monochrome: 1, filter: 'glow' };
  assert.deepEqual(understood(odd), NEUTRAL);
});

test('alpha goes the way of the pixels and isn’t coloured', () => {
  const picture = { width: 2, height: 1, data: Uint8ClampedArray.of(10, 20, 30, 0, 40, 50, 60, 128) };
  const made = rendered(picture, { ...NEUTRAL, flip: 'h', exposure: 100, saturation: 20 });
  assert.deepEqual([made.data[3], made.data[7]], [128, 0]);
});

test('four quarter turns are none', () => {
  const once = (picture) => reframed(picture, { ...NEUTRAL, rotate: 90 });
  assert.deepEqual(once(once(once(once(source)))).data, source.data);
});

test('a frame that is turned lies inside of the picture', () => {
  for (const straighten of [-45, -12, 0.1, 30]) {
    const frame = frameOf(source, { ...NEUTRAL, crop: [0.1, 0.3, 0.6, 0.5], straighten });
    const [cos, sin] = [Math.abs(Math.cos(frame.angle)), Math.abs(Math.sin(frame.angle))];
    assert.ok(frame.x + (frame.width * cos + frame.height * sin) / 2 <= source.width + 1e-6);
    assert.ok(frame.y + (frame.width * sin + frame.height * cos) / 2 <= source.height + 1e-6);
  }
});
