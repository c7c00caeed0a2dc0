// What people do, with what everything has in common: it is said how it went, it can be undone, and what failed is told in a sentence.

import { ApiError, post } from './api.js';
import { say } from './toasts.js';

/** Do `work()`; `done(answer)` gives the sentence that is said, or nothing. `canUndo`: a button in it takes the action back. Gives the answer, or null. */
export async function act(work, done = () => '', { canUndo = true } = {}) {
  try {
    const answer = await work();
    const sentence = done(answer);
    if (sentence) say(sentence, canUndo ? { label: 'Undo', run: undo } : undefined);
    return answer;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    say([error.message, error.hint].filter(Boolean).join(' '), undefined, { isError: true });
    return null;
  }
}

/** Take back what this device did last. */
export function undo() {
  return act(() => post('/undo'), (answer) => `Undone: ${answer.label.replace(/^undo of /, '')}.`, { canUndo: false });
}

/** Do again what was undone last. */
export function redo() {
  return act(() => post('/undo', { again: true }), () => 'Done again.', { canUndo: false });
}
