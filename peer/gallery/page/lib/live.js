// What happens elsewhere, as it happens: server-sent events of /api/v1/events. The browser connects again by itself; after each time that
// it was away, `onChanged` is told once, because something may have been missed.

import { ApiError, get } from './api.js';

const AGAIN_MS = 3_000;
const LOGGED_OUT = 401;

const changed = new Set();
const progressed = new Set();
const connection = new Set();
let source = null;
let isConnected = false;

/** Call `listener(revision)` after each change of the library; gives a function that ends it. */
export const onChanged = (listener) => listen(changed, listener);

/** Call `listener(document)` when queues or nodes progressed; at most once a second. */
export const onProgress = (listener) => listen(progressed, listener);

/** Call `listener(isConnected)` when the peer goes away or is back, and at once. */
export function onConnection(listener) {
  listener(isConnected);
  return listen(connection, listener);
}

export function start() {
  if (source) return;
  source = new EventSource('/api/v1/events');
  source.addEventListener('open', () => tellConnection(true));
  source.addEventListener('error', () => {
    tellConnection(false);
    if (source.readyState === EventSource.CLOSED) startAgain();
  });
  source.addEventListener('changed', (event) => tell(changed, JSON.parse(event.data).revision));
  source.addEventListener('progress', (event) => tell(progressed, JSON.parse(event.data)));
}

/** The peer answered something else, and browsers take that for the last word: ask why. Who is logged out is told so by that call, and has to log in. */
async function startAgain() {
  source = null;
  try {
    await get('/session');
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === LOGGED_OUT) return;
  }
  setTimeout(start, AGAIN_MS);
}

function tellConnection(now) {
  if (now === isConnected) return;
  isConnected = now;
  tell(connection, now);
}

function listen(listeners, listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(listeners, value) {
  for (const listener of [...listeners]) listener(value);
}
