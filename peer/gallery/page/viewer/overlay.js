// What lies over the page has the focus to itself and brings its styles along.

const STYLES = ['/vendor/photoswipe.css', '/viewer/viewer.css', '/viewer/editing.css'];

let loading = null;

/** Resolves when the viewer's styles are there; once for the page. */
export function loadStyles() {
  loading ??= Promise.all(STYLES.map(loadStyle));
  return loading;
}

function loadStyle(address) {
  return new Promise((resolve) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = address;
    link.addEventListener('load', resolve);
    link.addEventListener('error', resolve); // ugly is better than nothing
    document.head.append(link);
  });
}

/** The rest of the page can't be reached until the function that is given ends it; then the focus is where it was. */
export function holdFocus(element) {
  const before = document.activeElement;
  const behind = [...document.body.children].filter((each) => !each.contains(element) && each.id !== 'toasts' && !each.inert);
  for (const each of behind) each.inert = true;
  element.focus({ preventScroll: true });
  return () => {
    for (const each of behind) each.inert = false;
    if (before?.isConnected) before.focus({ preventScroll: true });
  };
}
