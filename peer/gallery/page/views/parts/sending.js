// Sending one file to the peer, and having all that was sent imported.

import { ApiError, query } from '../../lib/api.js';

const AWAY = 'The peer on this device can’t be reached. What was sent until now is not imported yet; nothing of yours was changed.';
const CHANGED = 'It can’t be read: it was moved, deleted or changed meanwhile, or isn’t readable at all.';

/** Send `file` as part of the import `id`; `sent(bytes)` on the way. Gives "" or the reason why it isn't there; `ApiError` when the peer is away. */
export function sendFile(id, { path, file }, { sent, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest(); // fetch doesn't tell how far it is
    request.open('PUT', `/api/v1/imports/${id}/files${query({ path })}`);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.responseType = 'json';
    const abort = () => request.abort();
    signal.addEventListener('abort', abort);
    const end = (settle, value) => {
      signal.removeEventListener('abort', abort);
      settle(value);
    };
    request.upload.addEventListener('progress', (event) => sent(event.loaded));
    request.addEventListener('load', () => end(resolve, request.status < 300 ? '' : (request.response?.message ?? `The peer answered with ${request.status}.`)));
    request.addEventListener('abort', () => end(resolve, ''));
    request.addEventListener('error', async () => {
      if (await isReadable(file)) end(reject, new ApiError(0, AWAY));
      else end(resolve, CHANGED);
    });
    if (signal.aborted) end(resolve, '');
    else request.send(file);
  });
}

const isReadable = (file) =>
  file
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );

/** Import what was sent; `told({ files, done })` on the way. Gives the outcome, as `calotype import` has it. */
export async function finishImport(id, bringBack, told) {
  const response = await fetch(`/api/v1/imports/${id}/finish`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ bring_back: bringBack }),
  }).catch(() => null);
  if (!response) throw new ApiError(0, AWAY);
  if (!response.ok) {
    const { message, hint } = await response.json();
    throw new ApiError(response.status, message, hint);
  }
  let last = null;
  for await (const line of linesOf(response.body)) {
    last = JSON.parse(line);
    if ('done' in last) told(last);
  }
  if (!last || 'done' in last) throw new ApiError(0, 'The connection ended before the import did. It goes on; the photos appear as they are ready.');
  if (last.message) throw new ApiError(last.error, last.message, last.hint);
  return last;
}

async function* linesOf(body) {
  let rest = '';
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read().catch(() => ({ done: true }));
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    yield* lines.filter(Boolean);
  }
}
