// The picture that is edited, and its renderings: the newest wish is rendered, those between are left out.

const TYPE = 'image/jpeg';
const QUALITY = 0.9;

/** The pixels of an image that is loaded, at most `edge` on the longer side: { width, height, data }. */
export function pixelsOf(image, edge = Infinity) {
  const scale = Math.min(1, edge / Math.max(image.naturalWidth, image.naturalHeight));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
  const context = canvas.getContext('2d', { colorSpace: 'srgb', willReadFrequently: true });
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return { width: canvas.width, height: canvas.height, data };
}

/** Draw a picture on a canvas, which becomes as large as it. */
export function draw(canvas, { width, height, data }) {
  canvas.width = width;
  canvas.height = height;
  canvas.getContext('2d').putImageData(new ImageData(data, width, height), 0, 0);
}

/** What a canvas shows as an address that lasts as long as the page. */
export function addressOf(canvas) {
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob && URL.createObjectURL(blob)), TYPE, QUALITY));
}

export class Darkroom {
  #worker = new Worker(new URL('./pixels_worker.js', import.meta.url), { type: 'module' });
  #wanted = null;
  #isBusy = false;
  #number = 0;
  #resolve = null;
  #show = null;

  constructor(source) {
    this.#worker.addEventListener('message', ({ data }) => this.#made(data.picture));
    this.#worker.postMessage({ source });
  }

  /** `show(picture)` is called with the rendering, unless another one was wanted meanwhile. */
  render(parameters, show) {
    this.#wanted = { parameters, show };
    if (!this.#isBusy) this.#next();
  }

  /** Resolves when all that was wanted is shown. */
  settled() {
    if (!this.#isBusy) return Promise.resolve();
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  end() {
    this.#worker.terminate();
  }

  #next() {
    this.#isBusy = true;
    this.#number += 1;
    const { parameters, show } = this.#wanted;
    this.#wanted = null;
    this.#show = show;
    this.#worker.postMessage({ number: this.#number, parameters });
  }

  #made(picture) {
    this.#show(picture);
    if (this.#wanted) {
      this.#next();
      return;
    }
    this.#isBusy = false;
    this.#resolve?.();
    this.#resolve = null;
  }
}
