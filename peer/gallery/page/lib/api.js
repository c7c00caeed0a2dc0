// Calls of the local API (GET /api/v1/description describes them). Every failure is an ApiError with a sentence for people.

const BASE = '/api/v1';
const PATIENCE_MS = 60_000;

export class ApiError extends Error {
  /** `code`: the HTTP status, 0 when the peer wasn't reached; `hint`: what to do, may be empty. */
  constructor(code, message, hint = '') {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** The answer to GET `path`, with `parameters` in the query; those that are undefined, null or false are left out. */
export function get(path, parameters = {}, { signal } = {}) {
  return call('GET', path + query(parameters), undefined, signal);
}

/** The answer to POST `path` with a JSON body. */
export function post(path, body = {}, { signal } = {}) {
  return call('POST', path, body, signal);
}

export function query(parameters) {
  const entries = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== null && value !== false);
  const text = new URLSearchParams(entries.map(([name, value]) => [name, value === true ? '1' : String(value)])).toString();
  return text ? `?${text}` : '';
}

async function call(method, path, body, signal) {
  const timeout = AbortSignal.timeout(PATIENCE_MS);
  let response;
  try {
    response = await fetch(BASE + path, {
      method,
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'The peer on this device can’t be reached. Nothing was lost.', 'Start it again with `calotype run`.');
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  if (response.status === 401) document.dispatchEvent(new CustomEvent('calotype:logged-out'));
  throw new ApiError(response.status, answer.message ?? `The peer answered with ${response.status}.`, answer.hint ?? '');
}
