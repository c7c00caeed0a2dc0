// The picture below a frame that is drawn by hand: handles, a pushed picture, and keys for both.

import { alongFrame, cropOfFrame, drawn, frameOfCrop, isUpended, onScreen, pushed } from './cropping.js';

const MARGIN = 28;
const KEY_STEP = 0.02;
const SETTLE_MS = 260;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const HANDLES = [
  [-1, -1, 'Top left corner'],
  [0, -1, 'Top edge'],
  [1, -1, 'Top right corner'],
  [1, 0, 'Right edge'],
  [1, 1, 'Bottom right corner'],
  [0, 1, 'Bottom edge'],
  [-1, 1, 'Bottom left corner'],
  [-1, 0, 'Left edge'],
];

export class CropBox {
  element = document.createElement('div');
  #canvas;
  #box = document.createElement('div');
  #size;
  #parameters;
  #ratio = null;
  #frame = null;
  #view = null;
  #changed;
  #observer;

  /** `canvas`: shows the whole picture, in its colours; `changed(crop)`: the frame was drawn by hand. */
  constructor(canvas, changed) {
    this.#canvas = canvas;
    this.#size = { width: canvas.width, height: canvas.height };
    this.#changed = changed;
    this.element.className = 'crop-area';
    this.#box.className = 'crop-box';
    this.#box.tabIndex = 0;
    this.#box.setAttribute('role', 'group');
    this.#box.setAttribute('aria-label', 'Crop: arrow keys push the picture below the frame');
    for (const [x, y, label] of HANDLES) this.#box.append(this.#handle({ x, y }, label));
    this.element.append(canvas, this.#box);
    this.element.addEventListener('pointerdown', (event) => this.#drag(event, (from, offset) => this.#push(from, offset)));
    this.#box.addEventListener('keydown', (event) => this.#key(event, (offset) => this.#push(this.#frame, { x: -offset.x, y: -offset.y })));
    this.#observer = new ResizeObserver(() => this.#settle(false));
    this.#observer.observe(this.element);
  }

  /** Show the frame of these parameters; `ratio`: width by height on the screen, kept while drawing, or null. `isSmooth`: move there. */
  show(parameters, ratio, isSmooth) {
    this.#parameters = parameters;
    this.#ratio = ratio;
    this.#frame = frameOfCrop(this.#size, parameters.crop, this.#angle);
    this.#settle(isSmooth);
  }

  /** The frame as it is seen, in pixels of the picture. */
  get frame() {
    return this.#frame;
  }

  end() {
    this.#observer.disconnect();
  }

  get #angle() {
    return (this.#parameters.straighten * Math.PI) / 180;
  }

  #handle(sides, label) {
    const handle = document.createElement('button');
    handle.type = 'button';
    handle.className = `crop-handle x${sides.x} y${sides.y}`;
    handle.setAttribute('aria-label', `${label}: arrow keys move it`);
    const draw = (from, offset) => this.#become(drawn(this.#size, from, this.#angle, this.#parameters, sides, offset, this.#ratio));
    handle.addEventListener('pointerdown', (event) => this.#drag(event, draw));
    handle.addEventListener('keydown', (event) => this.#key(event, (offset) => draw(this.#frame, offset)));
    return handle;
  }

  /** `move(frame, offset)`: from the frame at the beginning, by so many pixels of the picture as the screen shows it. */
  #drag(event, move) {
    if (event.button > 0 || !this.#frame) return;
    event.preventDefault();
    event.stopPropagation();
    const from = this.#frame;
    const { scale } = this.#view;
    const target = event.currentTarget;
    const ending = new AbortController();
    const { signal } = ending;
    target.setPointerCapture(event.pointerId);
    (target === this.element ? this.#box : target).focus({ preventScroll: true });
    this.element.classList.add('drawing');
    target.addEventListener(
      'pointermove',
      (now) => move(from, { x: (now.clientX - event.clientX) / scale, y: (now.clientY - event.clientY) / scale }),
      { signal },
    );
    const end = () => {
      ending.abort();
      this.element.classList.remove('drawing');
      this.#settle(true);
    };
    for (const name of ['pointerup', 'pointercancel', 'lostpointercapture']) target.addEventListener(name, end, { signal });
  }

  #key(event, move) {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    event.stopPropagation();
    const step = KEY_STEP * Math.min(this.#frame.width, this.#frame.height);
    move({ x: arrow[0] * step, y: arrow[1] * step });
    this.#settle(false);
  }

  #push(from, offset) {
    this.#become(pushed(this.#size, from, this.#angle, this.#parameters, offset));
    this.#view.middle = { x: this.#frame.x, y: this.#frame.y };
    this.#draw();
  }

  #become(frame) {
    this.#frame = frame;
    this.#draw();
    this.#changed(cropOfFrame(this.#size, frame));
  }

  /** The frame in the middle, as large as there is room. */
  #settle(isSmooth) {
    if (!this.#frame) return;
    const [width, height] = isUpended(this.#parameters) ? [this.#frame.height, this.#frame.width] : [this.#frame.width, this.#frame.height];
    const scale = Math.min((this.element.clientWidth - 2 * MARGIN) / width, (this.element.clientHeight - 2 * MARGIN) / height);
    if (!(scale > 0)) return;
    this.#view = { scale, middle: { x: this.#frame.x, y: this.#frame.y } };
    this.element.classList.toggle('settling', isSmooth);
    this.#draw();
    if (isSmooth) setTimeout(() => this.element.classList.remove('settling'), SETTLE_MS);
  }

  #draw() {
    const { scale, middle } = this.#view;
    const { straighten, rotate, flip } = this.#parameters;
    const [left, top] = [this.element.clientWidth / 2, this.element.clientHeight / 2];
    const flips = `scale(${flip.includes('h') ? -1 : 1}, ${flip.includes('v') ? -1 : 1})`;
    this.#canvas.style.transform = `translate(${left}px, ${top}px) scale(${scale}) rotate(${rotate}deg) ${flips} rotate(${straighten}deg) translate(${-middle.x}px, ${-middle.y}px)`;
    const away = onScreen(alongFrame({ x: this.#frame.x - middle.x, y: this.#frame.y - middle.y }, this.#angle), this.#parameters);
    const [width, height] = isUpended(this.#parameters) ? [this.#frame.height, this.#frame.width] : [this.#frame.width, this.#frame.height];
    Object.assign(this.#box.style, {
      left: `${left + (away.x - width / 2) * scale}px`,
      top: `${top + (away.y - height / 2) * scale}px`,
      width: `${width * scale}px`,
      height: `${height * scale}px`,
    });
  }
}
