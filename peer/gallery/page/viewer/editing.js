// The edit mode: one photo in a dark room. Everything is rendered here while it is changed; nothing is written before it is saved.

import { confirm } from '../dialogs.js';
import { Icon } from '../icons.js';
import { act } from '../lib/actions.js';
import { post } from '../lib/api.js';
import { html, render } from '../lib/html.js';
import { isEdited, previewOf, renderingOf } from './addresses.js';
import { CropBox } from './crop_box.js';
import { cropOfFrame, withRatio } from './cropping.js';
import { Darkroom, addressOf, draw, pixelsOf } from './darkroom.js';
import { changesBetween, flipped, isNeutral } from './edits.js';
import { isTaken } from './keys.js';
import { NEUTRAL, reframed, understood } from './pixels.js';
import { AdjustTools, CropTools, FilterTools, TABS } from './tools.js';

const EDGE = 1600;
const SAMPLE_EDGE = 160;

/** Edit the photo of `details` over `host`. Gives what was saved: { row, address, size } (a picture of it until there is a better one), or null. */
export async function edit(details, host) {
  const element = document.createElement('section');
  element.className = 'editor dark-room';
  element.setAttribute('role', 'dialog');
  element.setAttribute('aria-modal', 'true');
  element.setAttribute('aria-label', 'Edit');
  element.tabIndex = -1;
  element.textContent = 'One moment…';
  host.append(element);
  element.focus();
  try {
    const image = await sourceOf(details);
    if (!image) return null;
    return await new Promise((resolve) => {
      new Editor(element, image, details, resolve).begin();
    });
  } finally {
    render(null, element);
    element.remove();
  }
}

/** The picture as it came. Its preview will do while it has no edits, and when the original isn't here. */
async function sourceOf(details) {
  const addresses = [renderingOf(details.id, {}, EDGE)];
  if (!isEdited(details)) addresses.unshift(previewOf(details.row));
  for (const address of addresses) {
    const image = new Image();
    image.src = address;
    try {
      await image.decode();
      return image;
    } catch {
      continue; // the next one may be there
    }
  }
  await confirm({ title: 'The original isn’t here', text: 'This photo is edited already, so its original is needed. Bring it to this device first.', action: 'Back' });
  return null;
}

class Editor {
  #element;
  #details;
  #finish;
  #source;
  #small;
  #darkroom;
  #cropBox;
  #shown = document.createElement('canvas');
  #colours = document.createElement('canvas');
  #before;
  #parameters;
  #tab = 'adjust';
  #ratio = null;
  #isComparing = false;
  #isSaving = false;
  #sample = null;
  #endings = [];

  constructor(element, image, details, finish) {
    this.#element = element;
    this.#details = details;
    this.#finish = finish;
    this.#source = pixelsOf(image, EDGE);
    this.#small = pixelsOf(image, SAMPLE_EDGE);
    this.#before = understood(details.edits ?? {});
    this.#parameters = this.#before;
    this.#darkroom = new Darkroom(this.#source);
  }

  begin() {
    this.#element.replaceChildren();
    this.#shown.className = 'editor-picture';
    this.#shown.setAttribute('role', 'img');
    this.#shown.setAttribute('aria-label', 'The picture as edited');
    draw(this.#colours, this.#source);
    this.#colours.className = 'crop-picture';
    this.#cropBox = new CropBox(this.#colours, (crop) => this.#became({ ...this.#parameters, crop }));
    const ending = new AbortController();
    window.addEventListener('keydown', (event) => this.#key(event, true), { capture: true, signal: ending.signal });
    window.addEventListener('keyup', (event) => this.#key(event, false), { capture: true, signal: ending.signal });
    this.#endings.push(() => ending.abort(), () => this.#darkroom.end(), () => this.#cropBox.end());
    this.#refresh();
  }

  #end(answer) {
    for (const end of this.#endings.splice(0)) end();
    this.#finish(answer);
  }

  #key(event, isDown) {
    if (isTaken(event)) return;
    const { key } = event;
    if (key.toLowerCase() === 'b' || key === '\\') this.#compare(isDown);
    else if (!isDown) return;
    else if (key === 'Escape') this.#cancel();
    else if ((event.ctrlKey || event.metaKey) && key === 's') this.#save();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #compare(isComparing) {
    if (this.#isComparing === isComparing) return;
    this.#isComparing = isComparing;
    this.#refresh();
  }

  /** New parameters by a tool: everything follows. */
  #change(changes, { isSmooth = false } = {}) {
    this.#parameters = { ...this.#parameters, ...changes };
    this.#refresh(isSmooth);
  }

  /** A crop by hand: the frame is where it is already. */
  #became(parameters) {
    this.#parameters = parameters;
    this.#drawTools();
  }

  #refresh(isSmooth = false) {
    this.#drawTools();
    if (this.#isComparing) draw(this.#shown, this.#source);
    else if (this.#tab === 'crop') {
      this.#darkroom.render({ ...this.#parameters, ...geometryOf(NEUTRAL), vignette: 0 }, (picture) => draw(this.#colours, picture));
      this.#cropBox.show(this.#parameters, this.#ratioNow, isSmooth);
    } else this.#darkroom.render(this.#parameters, (picture) => !this.#isComparing && draw(this.#shown, picture));
  }

  get #ratioNow() {
    return this.#ratio === 'original' ? this.#originalRatio : this.#ratio;
  }

  get #originalRatio() {
    const { width, height } = this.#source;
    return this.#parameters.rotate % 180 ? height / width : width / height;
  }

  #choose(tab) {
    this.#tab = tab;
    if (tab === 'filters') this.#sample = reframed(this.#small, { ...NEUTRAL, ...geometryOf(this.#parameters) });
    this.#refresh();
  }

  #cropTools = {
    rotate: () => {
      if (typeof this.#ratio === 'number') this.#ratio = 1 / this.#ratio;
      this.#change({ rotate: (this.#parameters.rotate + 270) % 360 });
    },
    flip: (seen) => this.#change({ flip: flipped(this.#parameters, seen) }),
    ratio: (ratio) => {
      this.#ratio = ratio;
      if (ratio === null) return this.#refresh();
      const angle = (this.#parameters.straighten * Math.PI) / 180;
      const frame = withRatio(this.#source, this.#cropBox.frame, angle, this.#parameters, this.#ratioNow);
      return this.#change({ crop: cropOfFrame(this.#source, frame) }, { isSmooth: true });
    },
  };

  async #cancel() {
    if (this.#isSaving) return;
    const isChanged = Object.keys(changesBetween(this.#before, this.#parameters)).length > 0;
    const leaves = !isChanged || (await confirm({ title: 'Leave without saving?', text: 'What you changed here is forgotten.', action: 'Leave' }));
    if (leaves) this.#end(null);
  }

  #revert() {
    this.#ratio = null;
    this.#change({ ...NEUTRAL }, { isSmooth: true });
    if (this.#tab === 'filters') this.#choose('filters');
  }

  async #save() {
    if (this.#isSaving) return;
    const changes = changesBetween(this.#before, this.#parameters);
    if (!Object.keys(changes).length) {
      this.#end(null);
      return;
    }
    this.#isSaving = true;
    this.#drawTools();
    const path = `/assets/${this.#details.id}`;
    const isBack = isNeutral(this.#parameters);
    const answer = await act(
      () => (isBack ? post(`${path}/revert`) : post(`${path}/edit`, { parameters: changes })),
      () => (isBack ? 'The picture is as it came.' : 'Edit saved. The original stays as it is.'),
    );
    this.#isSaving = false;
    if (!answer) {
      this.#drawTools();
      return;
    }
    this.#isComparing = false;
    this.#darkroom.render(this.#parameters, (picture) => draw(this.#shown, picture));
    await this.#darkroom.settled();
    const { width, height } = this.#shown;
    this.#end({ row: answer.assets[0], address: await addressOf(this.#shown), size: { width, height } });
  }

  #drawTools() {
    const isCropping = this.#tab === 'crop' && !this.#isComparing;
    const change = (changes) => this.#change(changes);
    const hold = (isDown) => (event) => {
      if (isDown && event.button > 0) return;
      this.#compare(isDown);
    };
    render(
      html`
        <header class="editor-bar">
          <button type="button" class="button" onClick=${() => this.#cancel()}>Cancel</button>
          <div class="editor-middle">
            <button type="button" class="icon-button" aria-label="Hold to see the picture as it came" title="Hold: as it came (B)" aria-pressed=${String(this.#isComparing)}
              onPointerDown=${hold(true)} onPointerUp=${hold(false)} onPointerLeave=${hold(false)} onPointerCancel=${hold(false)}
              onKeyDown=${(event) => event.key === ' ' && this.#compare(true)} onKeyUp=${(event) => event.key === ' ' && this.#compare(false)} onBlur=${() => this.#compare(false)}>
              <${Icon} name="compare" />
            </button>
            <button type="button" class="button quiet" disabled=${isNeutral(this.#parameters)} onClick=${() => this.#revert()}>Revert</button>
          </div>
          <button type="button" class="button primary" disabled=${this.#isSaving} onClick=${() => this.#save()}>${this.#isSaving ? 'Saving…' : 'Save'}</button>
        </header>
        <${Place} class=${isCropping ? 'editor-stage cropping' : 'editor-stage'} content=${isCropping ? this.#cropBox.element : this.#shown}
          onPointerDown=${isCropping ? undefined : hold(true)} onPointerUp=${hold(false)} onPointerLeave=${hold(false)} />
        ${this.#isComparing && html`<p class="editor-note" role="status">As it came</p>`}
        <aside class="editor-tools" aria-label="Tools">
          <div class="editor-tabs" role="tablist" onKeyDown=${(event) => this.#moveTab(event)}>
            ${TABS.map(
              ([tab, title, icon]) => html`
                <button type="button" role="tab" aria-selected=${String(this.#tab === tab)} tabindex=${this.#tab === tab ? 0 : -1} onClick=${() => this.#choose(tab)}>
                  <${Icon} name=${icon} /><span>${title}</span>
                </button>
              `,
            )}
          </div>
          <div class="editor-panel" role="tabpanel" aria-label=${TABS.find(([tab]) => tab === this.#tab)[1]}>
            ${this.#tab === 'adjust' && html`<${AdjustTools} parameters=${this.#parameters} change=${change} />`}
            ${this.#tab === 'filters' && html`<${FilterTools} parameters=${this.#parameters} sample=${this.#sample} change=${change} />`}
            ${this.#tab === 'crop' && html`<${CropTools} parameters=${this.#parameters} ratio=${this.#ratio} change=${change} run=${(name, word) => this.#cropTools[name](word)} />`}
          </div>
        </aside>
      `,
      this.#element,
    );
  }

  #moveTab(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = TABS.findIndex(([tab]) => tab === this.#tab);
    this.#choose(TABS.at((at + step) % TABS.length)[0]);
    this.#element.querySelector('[role=tab][aria-selected=true]').focus();
  }
}

const geometryOf = ({ crop, straighten, flip, rotate }) => ({ crop, straighten, flip, rotate });

/** An element of our own among those that follow the state. */
function Place({ content, ...rest }) {
  const put = (element) => {
    if (element && element.firstChild !== content) element.replaceChildren(content);
  };
  return html`<div ref=${put} ...${rest}></div>`;
}
