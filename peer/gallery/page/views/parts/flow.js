// How fast queues become shorter. Pure: documents of `progress` events in, with the second at which each came.

const WEIGHT = 0.4;
const SHORTEST = 0.2;

const WAYS = [
  ['upload', 'uploads', 'upload_bytes', 'bytes_up'],
  ['download', 'downloads', 'download_bytes', 'bytes_down'],
];

/**
 * What is known after `document`, which came at second `at`; `before`: what was known until then, or null.
 *
 * `ways`: { upload, download }, each { items, bytes, speed (bytes a second, smoothed), most (bytes when the queue was longest) }.
 */
export function flowAfter(before, document, at) {
  const seconds = before ? Math.max(at - before.at, SHORTEST) : 0;
  const ways = WAYS.map(([name, items, bytes, counted]) => {
    const known = before?.ways[name];
    const now = document.queues[bytes];
    const moved = before ? Math.max(document.counts[counted] - before.document.counts[counted], 0) : 0;
    const isOver = document.queues[items] === 0;
    return [
      name,
      {
        items: document.queues[items],
        bytes: now,
        speed: isOver || !known ? 0 : known.speed ? (1 - WEIGHT) * known.speed + (WEIGHT * moved) / seconds : moved / seconds,
        most: isOver ? 0 : Math.max(known?.most ?? 0, now),
      },
    ];
  });
  return { document, at, ways: Object.fromEntries(ways) };
}

/** Seconds that a queue still takes; NaN when nobody knows. */
export const remaining = ({ bytes, speed }) => (speed > 0 ? bytes / speed : NaN);
