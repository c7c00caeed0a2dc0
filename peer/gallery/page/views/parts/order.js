// Moving one thing in a list. Pure.

/** `list` with what is at `from` at the place `to`, counted in the list without it. */
export function moved(list, from, to) {
  const rest = list.filter((_, index) => index !== from);
  rest.splice(to, 0, list[from]);
  return rest;
}

/** What the peer is told about it: before which one it stands now, or behind which, at the end; null when nothing changed. */
export function placeIn(list, index, before) {
  if (list.length < 2 || before.indexOf(list[index]) === index) return null;
  return index + 1 < list.length ? { before: list[index + 1] } : { after: list[index - 1] };
}
