// Taking a thing of a list by pointer and carrying it to its place: a mouse by pulling, a finger by holding still for a moment, so that the list can be
// scrolled by it all the same. While it is carried near an edge of what scrolls, that scrolls.

const PULL_PIXELS = 5;
const HOLD_MS = 280;
const EDGE_PIXELS = 64;
const STEP_PIXELS = 14;

/**
 * Follow pointers in `list`, whose children can be carried. `hooks`: took(index), over(index) (it is above that one now), dropped(), letGo() (nothing
 * is to change). Gives a function that ends it.
 */
export function followGrabs(list, scroller, hooks) {
  let grab = null;
  const itemAt = (x, y) => {
    const item = document.elementFromPoint(x, y)?.closest('li');
    return item?.parentElement === list ? [...list.children].indexOf(item) : -1;
  };
  const take = () => {
    grab.isCarried = true;
    clearTimeout(grab.timer);
    list.setPointerCapture(grab.pointer);
    hooks.took(grab.index);
    grab.frame = requestAnimationFrame(scroll);
  };
  const scroll = () => {
    if (!grab?.isCarried) return;
    const box = scroller.getBoundingClientRect();
    if (grab.y < box.top + EDGE_PIXELS) scroller.scrollBy(0, -STEP_PIXELS);
    if (grab.y > box.bottom - EDGE_PIXELS) scroller.scrollBy(0, STEP_PIXELS);
    over();
    grab.frame = requestAnimationFrame(scroll);
  };
  const over = () => {
    const index = itemAt(grab.x, grab.y);
    if (index >= 0) hooks.over(index);
  };
  const end = (told) => {
    if (!grab) return;
    clearTimeout(grab.timer);
    cancelAnimationFrame(grab.frame);
    const wasCarried = grab.isCarried;
    grab = null;
    if (wasCarried) told();
  };
  const down = (event) => {
    const index = itemAt(event.clientX, event.clientY);
    if (grab || index < 0 || event.button !== 0) return;
    const isFinger = event.pointerType !== 'mouse';
    grab = { index, pointer: event.pointerId, isFinger, isCarried: false, fromX: event.clientX, fromY: event.clientY, x: event.clientX, y: event.clientY };
    if (isFinger) grab.timer = setTimeout(take, HOLD_MS);
  };
  const move = (event) => {
    if (event.pointerId !== grab?.pointer) return;
    [grab.x, grab.y] = [event.clientX, event.clientY];
    if (grab.isCarried) over();
    else if (Math.hypot(grab.x - grab.fromX, grab.y - grab.fromY) > PULL_PIXELS) {
      if (grab.isFinger) end(hooks.letGo);
      else take();
    }
  };
  const up = (event) => event.pointerId === grab?.pointer && end(hooks.dropped);
  const cancel = () => end(hooks.letGo);
  const noScroll = (event) => grab?.isCarried && event.preventDefault();
  const noMenu = (event) => grab?.isFinger && event.preventDefault();
  const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: cancel, contextmenu: noMenu };
  for (const [name, listener] of Object.entries(listeners)) list.addEventListener(name, listener);
  list.addEventListener('touchmove', noScroll, { passive: false });
  return () => {
    cancel();
    for (const [name, listener] of Object.entries(listeners)) list.removeEventListener(name, listener);
    list.removeEventListener('touchmove', noScroll);
  };
}
