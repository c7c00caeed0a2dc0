// Small pure parts of the viewer: keys, addresses, and how far a download is.

import assert from 'node:assert/strict';
import test from 'node:test';

import { isEdited, largestOf, previewOf, renderingOf } from '../../peer/gallery/page/viewer/addresses.js';
import { Progress } from '../../peer/gallery/page/viewer/fetching.js';
import { meaningOf } from '../../peer/gallery/page/viewer/keys.js';
import { COASTS, WORLD, pathOf, placed } from '../../peer/gallery/page/viewer/world.js';

const pressed = (key, more = {}) => ({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...more });

test('keys mean what the page of keys says', () => {
  assert.deepEqual(meaningOf(pressed('F'), false), ['favorite']);
  assert.deepEqual(meaningOf(pressed('4'), false), ['rate', 4]);
  assert.deepEqual(meaningOf(pressed('ArrowLeft'), true), ['step', -1]);
  assert.deepEqual(meaningOf(pressed('ArrowLeft', { shiftKey: true }), true), ['pan', -1, 0]);
  assert.deepEqual(meaningOf(pressed('z', { ctrlKey: true }), false), ['undo']);
  assert.equal(meaningOf(pressed('f', { ctrlKey: true }), false), undefined);
  assert.equal(meaningOf(pressed('6'), false), undefined);
});

test('an edited photo is rendered, and so is what browsers don’t show', () => {
  const details = { id: 'ab', media: 'image/jpeg', edits: { exposure: null } };
  assert.ok(!isEdited(details));
  assert.equal(largestOf(details), '/media/ab/original');
  assert.equal(largestOf({ ...details, media: 'image/heic' }), '/media/ab/render');
  assert.equal(largestOf({ ...details, edits: { exposure: 10, crop: [0, 0, 0.5, 1] } }), '/media/ab/render?exposure=10&crop=0%2C0%2C0.5%2C1');
  assert.equal(renderingOf('ab', { monochrome: true }, 320), '/media/ab/render?monochrome=yes&edge=320');
  assert.equal(previewOf({ id: 'ab', picture: 'v1' }), '/media/ab/preview?v=v1');
});

test('a download alone has a share, and its sender is who sent most', () => {
  const progress = new Progress(1000);
  const at = (bytes, nas, phone, downloads = 1) =>
    progress.of({ queues: { downloads }, counts: { bytes_down: bytes }, nodes: [{ name: 'NAS', wire_received: nas }, { name: 'phone', wire_received: phone }] });
  assert.deepEqual(at(5000, 100, 50), { share: null, from: null });
  assert.deepEqual(at(5400, 520, 60), { share: 0.4, from: 'NAS' });
  assert.deepEqual(at(9000, 520, 900), { share: 1, from: 'phone' });
  assert.equal(at(9100, 600, 900, 4).share, null);
});

test('coasts are closed curves inside of the map, and places lie on it', () => {
  for (const coast of COASTS) {
    const numbers = coast.trim().split(/\s+/).map(Number);
    assert.ok(numbers.length >= 6 && numbers.length % 2 === 0 && numbers.every(Number.isFinite));
    assert.match(pathOf(coast), /^M[\d.-]+ [\d.-]+(C[\d. -]+)+Z$/);
  }
  assert.deepEqual(placed(0, 0), { x: 180, y: 84 });
  assert.equal(placed(-90, 180).y, WORLD.height);
});
