// Sending files to the peer, a few at once, and having them imported.

import { ApiError, post, query } from '../../lib/api.js';

const AT_ONCE = 3;
const AWAY = 'The peer on this device can’t be reached. What was sent until now is not imported yet; nothing of yours was changed.';

/** Import `files` ([{ path, file }]). `progress({ sent, bytes, done, name })` is called on the way; gives the outcome, with `failed`: [{ path, reason }]. */
export async function importFiles(files, { bringBack = false, progress = () => {}, signal } = {}) {
  const { import: id } = await post('/imports');
  const state = { sent: 0, bytes: 0, done: 0, name: '' };
  const failed = [];
  const left = [...files];
  const send = async () => {
    for (let next = left.shift(); next && !signal?.aborted; next = left.shift()) {
      state.name = next.path;
      progress({ ...state });
      const reason = await sendOne(id, next, signal);
      if (reason) failed.push({ path: next.path, reason });
      state.sent += 1;
      state.bytes += next.file.size;
      progress({ ...state });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, send));
  if (signal?.aborted) {
    await post(`/imports/${id}/give-up`);
    return null;
  }
  const outcome = await finish(id, bringBack, (line) => progress({ ...state, done: line.done }));
  return { ...outcome, failed };
}

async function sendOne(id, { path, file }, signal) {
  try {
    const response = await fetch(`/api/v1/imports/${id}/files${query({ path })}`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/octet-stream' },
      body: file,
      signal,
    });
    return response.ok ? '' : (await response.json()).message;
  } catch (error) {
    return signal?.aborted ? '' : `It couldn’t be read or sent (${error.message}).`;
  }
}

/** The last line of the answer; `told(line)` for those before. */
async function finish(id, bringBack, told) {
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
  let rest = '';
  let last = null;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    for (const line of lines.filter(Boolean)) {
      last = JSON.parse(line);
      if ('done' in last) told(last);
    }
  }
  if (!last || 'done' in last) throw new ApiError(0, 'The connection ended before the import did. It goes on; the photos appear as they are ready.');
  if (last.message) throw new ApiError(last.error, last.message, last.hint);
  return last;
}
