// Two devices decided differently: both answers side by side, and one click chooses.

import { ask } from '../dialogs.js';
import { html } from '../lib/html.js';
import { renderingOf } from './addresses.js';
import { actionText, answerOf, isEdit, isText, reasonText, sideText, titleOf } from './choices.js';
import { instant } from './facts.js';

const PICTURE_EDGE = 480;
const EDIT = 'edit:';
const MOST_MERGED = 400;

/**
 * `conflict` as `calotype conflicts` shows it; `run('resolve', body)` settles it. `edits`: how the photo is edited otherwise, so that each side of an edit
 * is shown as the photo would look; null: without pictures.
 */
export function ConflictChoice({ conflict, run, edits = null }) {
  const { id, field, winner, others, merged, merged_cleanly: isClean } = conflict;
  const choose = (choice) => () => run('resolve', { id, field, ...choice });
  const write = async () => {
    const value = isClean === false && merged ? merged : String(winner.value ?? '');
    const text = await ask({ title: titleOf(conflict), label: 'What it should be', value, action: 'Take this' });
    if (text?.trim()) await run('resolve', { id, field, value: text.trim() });
  };
  const isJoined = isClean === true && typeof merged === 'string' && merged.length <= MOST_MERGED;
  return html`
    <section class="conflict" aria-label=${titleOf(conflict)}>
      <p class="conflict-title">${titleOf(conflict)}</p>
      <ul>
        <${Side} conflict=${conflict} side=${winner} edits=${edits} isShown onChoose=${choose({ winner: true })} />
        ${others.map((side) => html`<${Side} conflict=${conflict} side=${side} edits=${edits} onChoose=${choose(answerOf(conflict, side))} />`)}
        ${isJoined && html`<li><span class="conflict-value">${merged}</span><small>Both together</small><button type="button" class="button" onClick=${choose({ merge: true })}>Take both</button></li>`}
      </ul>
      ${isText(conflict) && html`<button type="button" class="button quiet conflict-own" onClick=${write}>Write it anew …</button>`}
    </section>
  `;
}

function Side({ conflict, side, edits, isShown = false, onChoose }) {
  const text = sideText(conflict, side);
  const who = side.device ?? 'A device that is gone';
  const action = actionText(conflict, side, isShown);
  const spoken = `${action}: ${conflict.field === 'rating' ? `${side.value} of 5` : text}, by ${who}`;
  return html`
    <li class=${isShown ? 'shown' : ''}>
      ${isEdit(conflict) && edits && html`<img alt=${`With ${text}`} loading="lazy" src=${pictureOf(conflict, side, edits)} onClick=${onChoose} />`}
      <span class="conflict-value">${text}</span>
      <small>${[who, reasonText(side), instant(side.time)].filter(Boolean).join(' · ')}</small>
      <span class="conflict-foot">
        <button type="button" class=${isShown ? 'button' : 'button primary'} aria-label=${spoken} onClick=${onChoose}>${action}</button>
        ${isShown && html`<span class="conflict-now">Shown now</span>`}
      </span>
    </li>
  `;
}

/** What the photo would look like. */
function pictureOf({ id, field }, { value }, edits) {
  return renderingOf(id, { ...edits, [field.slice(EDIT.length)]: value }, PICTURE_EDGE);
}
