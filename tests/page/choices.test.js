// What two devices decided, in words, and what is told to the peer when one was chosen.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { actionText, answerOf, isEdit, isText, reasonText, sideText, titleOf } from '../../peer/gallery/page/viewer/choices.js';

const about = (field, rest = {}) => ({ kind: 'values', record: 'asset', field, ...rest });
const said = (field, value, rest) => sideText(about(field, rest), { value });

test('each kind of value has its words', () => {
  assert.equal(said('rating', 3), '★★★☆☆');
  assert.equal(said('rating', 99), '99 of 5');
  assert.equal(said('edit:exposure', 40), '+40');
  assert.equal(said('edit:exposure', -35), '−35');
  assert.equal(said('edit:exposure', null), 'as it was');
  assert.equal(said('edit:crop', [0.1, 0.1, 0.6, 0.7]), '60 × 70 % of the picture');
  assert.equal(said('edit:rotate', 90), 'turned by 90°');
  assert.equal(said('favorite', true), 'A favourite');
  assert.equal(said('caption', '<b>sea</b>'), '<b>sea</b>');
  assert.equal(said('trashed', 'restored', { kind: 'trash' }), 'Keep it');
});

test('headings say what it is about', () => {
  assert.equal(titleOf(about('edit:crop')), 'Crop');
  assert.equal(titleOf(about('title', { record: 'album' })), 'The album’s title');
  assert.match(titleOf(about('trashed', { kind: 'trash' })), /trash/);
  assert.ok(isEdit(about('edit:crop')));
  assert.ok(isText(about('caption')) && isText(about('title', { record: 'album' })) && !isText(about('rating')));
});

test('the trash has buttons of its own', () => {
  const trash = about('trashed', { kind: 'trash' });
  assert.equal(actionText(trash, { value: 'trashed' }, true), 'Leave it in the trash');
  assert.equal(actionText(trash, { value: 'restored' }, false), 'Take it out of the trash');
  assert.equal(actionText(about('caption'), { value: 'sea' }, true), 'Keep this');
  assert.equal(reasonText({ changed: ['caption', 'favorite'] }), 'changed caption and favourite');
  assert.equal(reasonText({}), '');
});

test('a side is named by its device, and by its value where that isn’t clear', () => {
  const [one, two] = [
    { value: [0.1, 0, 1, 1], device_id: 'a' },
    { value: 'x', device_id: 'b' },
  ];
  assert.deepEqual(answerOf(about('edit:crop', { winner: two, others: [one] }), one), { device: 'a' });
  const again = { ...one, value: [0.2, 0, 1, 1] };
  assert.deepEqual(answerOf(about('edit:crop', { winner: again, others: [one] }), one), { value: '[0.1,0,1,1]' });
  assert.deepEqual(answerOf(about('caption', { winner: two, others: [{ ...two, value: 'y' }] }), { ...two, value: 'y' }), { value: 'y' });
  const place = { value: [1.5, 2], device_id: null };
  assert.deepEqual(answerOf(about('location', { winner: two, others: [place] }), place), { value: '1.5,2' });
  assert.deepEqual(answerOf(about('trashed', { kind: 'trash', winner: one, others: [two] }), { ...two, value: 'restored' }), { value: 'restored' });
});
