// The original of a photo comes to this device because somebody looks closely: asked for once, then followed until it is here.

import { get, post } from '../lib/api.js';
import { onChanged, onProgress } from '../lib/live.js';

const LOOK_EACH_MS = 2_000;

/**
 * Ask for the original of `details` and wait for it. `tell({ share, from })`: how much is here (0 to 1, or null when that can't be told) and the name of
 * the node that sends, as far as known. Gives the details with the original here; null when `signal` was given up first.
 */
export function bring(details, tell, signal) {
  const size = details.files?.find((file) => file.role === 'primary')?.size ?? 0;
  return new Promise((resolve, reject) => {
    let isAsking = false;
    const endings = [];
    const end = (settle, value) => {
      endings.splice(0).forEach((each) => each());
      settle(value);
    };
    const look = async () => {
      if (isAsking) return;
      isAsking = true;
      try {
        const now = await get(`/assets/${details.id}`, {}, { signal });
        if (now.row.original === 'here') end(resolve, now);
      } catch (error) {
        end(signal.aborted ? resolve : reject, signal.aborted ? null : error);
      } finally {
        isAsking = false;
      }
    };
    const progress = new Progress(size);
    endings.push(onChanged(look), onProgress((document) => tell(progress.of(document))));
    const timer = setInterval(look, LOOK_EACH_MS);
    endings.push(() => clearInterval(timer));
    signal.addEventListener('abort', () => end(resolve, null), { once: true });
    post(`/assets/${details.id}/fetch`, {}, { signal }).then(look, (error) => end(signal.aborted ? resolve : reject, signal.aborted ? null : error));
  });
}

/** What the peer says of all its downloads, read as that of one. Pure. */
export class Progress {
  #size;
  #startedAt = null;
  #received = new Map();

  constructor(size) {
    this.#size = size;
  }

  /** `document`: of a progress event. A share is told only as long as nothing else comes. */
  of({ queues, counts, nodes = [] }) {
    this.#startedAt ??= counts?.bytes_down ?? 0;
    const isAlone = (queues?.downloads ?? 0) <= 1;
    const received = (counts?.bytes_down ?? 0) - this.#startedAt;
    const from = this.#sender(nodes);
    return { share: isAlone && this.#size && received ? Math.min(received / this.#size, 1) : null, from };
  }

  #sender(nodes) {
    let found = null;
    let most = 0;
    for (const { name, wire_received: now = 0 } of nodes) {
      const grown = now - (this.#received.get(name) ?? now);
      if (grown > most) [found, most] = [name, grown];
      this.#received.set(name, now);
    }
    return found;
  }
}
