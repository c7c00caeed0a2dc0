// Renders edits beside the page, so that sliders stay smooth. Messages: { source: picture } once; { number, parameters } for each picture wanted,
// answered with { number, picture }. What geometry made is kept, because most changes are of colours.

import { NEUTRAL, recoloured, reframed } from './pixels.js';

let source = null;
let framed = { key: '', picture: null };

addEventListener('message', ({ data }) => {
  if (data.source) {
    source = data.source;
    framed = { key: '', picture: null };
    return;
  }
  const picture = recoloured(framedBy(data.parameters), data.parameters);
  // What is kept, or came from the page, must not be given away with its memory.
  const isOurs = picture !== framed.picture && picture !== source;
  const made = isOurs ? picture : { ...picture, data: picture.data.slice() };
  postMessage({ number: data.number, picture: made }, [made.data.buffer]);
});

function framedBy(parameters) {
  const { crop, straighten, flip, rotate } = parameters;
  const key = JSON.stringify([crop, straighten, flip, rotate]);
  if (framed.key !== key) framed = { key, picture: reframed(source, { ...NEUTRAL, crop, straighten, flip, rotate }) };
  return framed.picture;
}
