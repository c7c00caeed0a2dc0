// What was done, in words. Pure: labels of actions (GET /undo) and kinds of arrivals (GET /arrivals) in, sentences out.

import { countOf, listText } from '../../lib/format.js';

/** What actions of this device are called. */
const ACTIONS = new Map([
  ['caption', 'Caption changed'],
  ['rating', 'Rated'],
  ['favorite', 'Favourites changed'],
  ['hidden', 'Hidden or shown'],
  ['taken', 'Date changed'],
  ['location', 'Place changed'],
  ['keyword', 'Keywords changed'],
  ['trash', 'Moved to the trash'],
  ['restore', 'Taken out of the trash'],
  ['edit', 'Edited'],
  ['revert', 'Edits taken away'],
  ['restore version', 'Earlier version brought back'],
  ['new album', 'Album made'],
  ['title', 'Album renamed'],
  ['album title', 'Album renamed'],
  ['cover', 'Cover chosen'],
  ['album cover', 'Cover chosen'],
  ['album into the trash', 'Album deleted'],
  ['album out of the trash', 'Album restored'],
  ['album order', 'Album arranged'],
  ['position', 'Album arranged'],
  ['album, photos added', 'Added to an album'],
  ['album, photos removed', 'Taken out of an album'],
  ['album', 'Albums changed'],
  ['name', 'Device renamed'],
  ['policy', 'What a device keeps changed'],
  ['days in the trash', 'Days in the trash changed'],
]);

/** What a field is called in the middle of a sentence. */
const FIELDS = new Map([
  ['taken', 'date'],
  ['location', 'place'],
  ['favorite', 'favourite'],
  ['trashed', 'trash'],
  ['position', 'order in an album'],
  ['removed', 'keywords or albums'],
  ['edit', 'edits'],
  ['album', 'albums'],
  ['keyword', 'keywords'],
]);

const OF_PHOTOS = new Map([
  ['import', (photos) => `imported ${photos}`],
  ['trash', (photos) => `moved ${photos} to the trash`],
  ['restore', (photos) => `took ${photos} out of the trash`],
  ['edit', (photos) => `edited ${photos}`],
  ['rating', (photos) => `rated ${photos}`],
  ['hidden', (photos) => `hid or showed ${photos}`],
  ['favorite', (photos) => `changed favourites, ${photos}`],
  ['album', (photos) => `put ${photos} into an album`],
  ['album,position', (photos) => `put ${photos} into an album`],
  ['position', (photos) => `arranged ${photos} in an album`],
]);

const OF_OTHERS = new Map([
  ['album:title', 'named an album'],
  ['album:cover', 'chose the cover of an album'],
  ['album:trash', 'deleted an album'],
  ['album:restore', 'restored an album'],
  ['device:name', 'renamed a device'],
  ['device:policy', 'chose what it keeps'],
  ['library:retention', 'changed how long the trash lasts'],
]);

export const fieldText = (field) => FIELDS.get(field) ?? field.replace(/^(?:edit|role|position):/, '').replace(/[-_]/g, ' ');

/** "Rated"; of an undo "Undone: rated"; of what was named by its fields all of them. */
export function actionText(label) {
  const undone = /^undo of (.+)$/.exec(label)?.[1];
  if (undone) return `Undone: ${lowered(actionText(undone))}`;
  const decided = /^conflict in (.+)$/.exec(label)?.[1];
  if (decided) return `Conflict about ${fieldText(decided)} settled`;
  if (ACTIONS.has(label)) return ACTIONS.get(label);
  const parts = label.split(', ');
  return parts.length > 1 ? `Changed: ${listText(parts.map(fieldText))}` : raised(fieldText(label));
}

/** What a device did: "imported 12 photos", "changed date and rating of 3 photos". */
export function arrivalText({ did, photos, others, purged }) {
  if (did.includes('device:model')) return 'joined the library';
  const ofPhotos = did.filter((word) => !word.includes(':') && word !== 'purge');
  const ofOthers = did.filter((word) => word.includes(':'));
  const count = countOf(photos, 'photo');
  const said = [];
  if (photos > 0 && ofPhotos.length) said.push(OF_PHOTOS.get(ofPhotos.join())?.(count) ?? `changed ${listText(ofPhotos.map(fieldText))} of ${count}`);
  if (others > 0) said.push(...ofOthers.map((word) => OF_OTHERS.get(word) ?? `changed ${fieldText(word.replace(':', ', '))}`));
  if (purged > 0) said.push(`deleted ${countOf(purged, 'photo')} for good`);
  return listText(said) || 'changed something';
}

const lowered = (text) => text.charAt(0).toLowerCase() + text.slice(1);
const raised = (text) => text.charAt(0).toUpperCase() + text.slice(1);
