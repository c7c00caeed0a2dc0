// Imports of this page: one at a time, the next when it is over. They go on while other views are shown.

import { ApiError, post } from '../../lib/api.js';
import { say } from '../../lib/toasts.js';
import { outcomeText } from './outcome.js';
import { finishImport, sendFile } from './sending.js';

const AT_ONCE = 3;
const TELL_MS = 100;

const listeners = new Set();
const queue = [];
let run = null;
let timer = 0;

/**
 * Of the import under way, or the last one; null before the first. `phase`: "sending", "importing", "over"; `files`: [{ path, size, sent, state, reason }],
 * state: "waits", "sending", "sent", "failed"; `bytes` and `total`; `done`: files that are imported; `began`: milliseconds; `outcome`, or `problem`: a sentence.
 */
export const importNow = () => run;

/** Call `listener()` when something of it changed; gives a function that ends it. */
export function onImport(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Import what `filesOf` or `chosenFiles` found, now or after what is under way. */
export function startImport(found, { bringBack = false } = {}) {
  if (!found.files.length && !found.unreadable.length) {
    say('There were no files in it.');
    return;
  }
  queue.push({ found, bringBack });
  if (isUnderWay()) say('These come after the import that is under way.');
  else work();
}

export const isUnderWay = () => run !== null && run.phase !== 'over';

/** Send nothing more, and forget what was sent. */
export const stopImport = () => run?.controller.abort();

async function work() {
  window.addEventListener('beforeunload', keep);
  for (let next = queue.shift(); next; next = queue.shift()) await importAll(next);
  window.removeEventListener('beforeunload', keep);
}

/** While files are being sent, the page should stay. */
function keep(event) {
  if (run?.phase === 'sending') event.preventDefault();
}

async function importAll({ found, bringBack }) {
  const files = found.files.map(({ path, file }) => ({ path, file, size: file.size, sent: 0, state: 'waits', reason: '' }));
  const controller = new AbortController();
  run = { phase: 'sending', found, files, bytes: 0, total: files.reduce((sum, { size }) => sum + size, 0), done: 0, began: Date.now(), controller, outcome: null, problem: '' };
  tell();
  try {
    const { import: id } = await post('/imports');
    await sendAll(id, run);
    if (controller.signal.aborted) await post(`/imports/${id}/give-up`);
    else {
      run.phase = 'importing';
      tell();
      run.outcome = await finishImport(id, bringBack, ({ done }) => {
        run.done = done;
        tell();
      });
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    run.problem = [error.message, error.hint].filter(Boolean).join(' ');
  } finally {
    run.phase = 'over';
    if (!listeners.size) sayOver(run);
    tell();
  }
}

/** For who looks at something else meanwhile. */
function sayOver({ problem, outcome }) {
  if (problem) say(problem, undefined, { isError: true });
  else if (outcome) say(`${outcomeText(outcome)}.`);
}

async function sendAll(id, { files, controller }) {
  const left = [...files];
  const send = async () => {
    for (let file = left.shift(); file && !controller.signal.aborted; file = left.shift()) {
      file.state = 'sending';
      const sent = (bytes) => {
        run.bytes += bytes - file.sent;
        file.sent = bytes;
        tell();
      };
      file.reason = await sendFile(id, file, { sent, signal: controller.signal });
      file.state = file.reason ? 'failed' : 'sent';
      sent(file.size);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, send));
  } catch (error) {
    left.length = 0;
    throw error;
  }
}

/** Many small files are told of together. */
function tell() {
  if (run.phase !== 'over' && timer) return;
  const now = () => {
    timer = 0;
    for (const listener of [...listeners]) listener();
  };
  if (run.phase === 'over') {
    clearTimeout(timer);
    now();
  } else timer = setTimeout(now, TELL_MS);
}
