// What happens elsewhere, as it happens: server-sent events of /api/v1/events. The browser connects again by itself; after each time that
// it was away, `onChanged` is told once, because something may have been missed.

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
  source.addEventListener('error', () => tellConnection(false));
  source.addEventListener('changed', (event) => tell(changed, JSON.parse(event.data).revision));
  source.addEventListener('progress', (event) => tell(progressed, JSON.parse(event.data)));
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
