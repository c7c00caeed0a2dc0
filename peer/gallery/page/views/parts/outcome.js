// What became of an import, in a sentence. Pure.

import { countOf, listText } from '../../lib/format.js';

/** `outcome` as `calotype import` has it: "12 photos imported, 3 photos already there". */
export function outcomeText({ imported, duplicates = 0, joined = [], versions = 0, deleted_before: deleted = 0 }) {
  const others = [
    duplicates > 0 && `${countOf(duplicates, 'photo')} already there`,
    joined.length > 0 && `${countOf(joined.length, 'photo')} got files that belong to them`,
    versions > 0 && `${countOf(versions, 'photo')} in a newer version`,
  ].filter(Boolean);
  if (!imported) return others.length ? `Nothing new: ${listText(others)}` : deleted > 0 ? 'Nothing new' : 'Nothing was imported';
  const said = `${countOf(imported, 'photo')} imported`;
  return others.length ? `${said}; ${listText(others)}` : said;
}
