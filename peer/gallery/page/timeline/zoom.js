// How large photos are: five heights of rows, kept for this browser. Buttons, + and -, ctrl and wheel (a trackpad's pinch is that, too), two fingers.

const KEY = 'calotype.zoom';
const WIDE = [72, 124, 184, 256, 356];
const NARROW = [46, 78, 116, 186, 290];
const NARROW_BELOW = 620;
const WHEEL_STEP = 60;
const PINCH_STEP = 1.28;
export const LEVELS = WIDE.length;
const USUAL = 2;

/** The wanted height of rows, in pixels. */
export const heightAt = (level, width) => (width < NARROW_BELOW ? NARROW : WIDE)[level];

export function keptLevel() {
  try {
    const kept = Number.parseInt(localStorage.getItem(KEY) ?? '', 10);
    return kept >= 0 && kept < LEVELS ? kept : USUAL;
  } catch {
    return USUAL;
  }
}

export function keepLevel(level) {
  try {
    localStorage.setItem(KEY, String(level));
  } catch {
    // Without storage it lasts as long as the page.
  }
}

/** Call `step(+1 or -1, clientY)` when wheel or fingers ask for it; gives a function that ends it. */
export function followGestures(element, step) {
  const ending = new AbortController();
  const { signal } = ending;
  let wheeled = 0;
  element.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      wheeled += event.deltaY;
      if (Math.abs(wheeled) < WHEEL_STEP) return;
      step(wheeled > 0 ? -1 : 1, event.clientY);
      wheeled = 0;
    },
    { passive: false, signal },
  );
  let spread = 0;
  const spreadOf = ([one, other]) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
  element.addEventListener('touchstart', ({ touches }) => (spread = touches.length === 2 ? spreadOf(touches) : 0), { passive: true, signal });
  element.addEventListener(
    'touchmove',
    (event) => {
      if (!spread || event.touches.length !== 2) return;
      if (event.cancelable) event.preventDefault();
      const factor = spreadOf(event.touches) / spread;
      if (factor < PINCH_STEP && factor > 1 / PINCH_STEP) return;
      step(factor > 1 ? 1 : -1, (event.touches[0].clientY + event.touches[1].clientY) / 2);
      spread = spreadOf(event.touches);
    },
    { passive: false, signal },
  );
  return () => ending.abort();
}
