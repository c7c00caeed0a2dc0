// Places as people write and copy them. Pure.

const NUMBER = String.raw`[-+−]?\d{1,3}(?:[.,]\d+)?`;
const DECIMAL = new RegExp(String.raw`^(?:geo:)?\s*(${NUMBER})\s*°?\s*([NS])?\s*[,;\s]\s*(${NUMBER})\s*°?\s*([EW])?(?:[;?].*)?$`, 'i');
const SEXAGESIMAL = /^(\d{1,3})\s*°\s*(?:(\d{1,2})\s*[′'’]\s*)?(?:(\d{1,2}(?:[.,]\d+)?)\s*[″"”]\s*)?([NS])[,;\s]*(\d{1,3})\s*°\s*(?:(\d{1,2})\s*[′'’]\s*)?(?:(\d{1,2}(?:[.,]\d+)?)\s*[″"”]\s*)?([EW])$/i;
const IN_LINK = new RegExp(String.raw`(?:@|[?&#](?:q|ll|mlat|map)=(?:\d+/)?)(${NUMBER})(?:,|/|%2C|&mlon=)(${NUMBER})`, 'i');
const DIGITS = 6;

/** [latitude, longitude] of "59.33, 18.06", "59.33° N 18.06° E", "59°19′45″N 18°3′E", "geo:59.33,18.06", or a link to a map; null of anything else. */
export function coordinatesIn(text) {
  const given = text.trim();
  const decimal = DECIMAL.exec(given);
  if (decimal) return checked(signed(decimal[1], decimal[2]), signed(decimal[3], decimal[4]));
  const parts = SEXAGESIMAL.exec(given);
  if (parts) return checked(signed(degrees(parts.slice(1, 4)), parts[4]), signed(degrees(parts.slice(5, 8)), parts[8]));
  const link = /^https?:/i.test(given) && IN_LINK.exec(given);
  return link ? checked(signed(link[1]), signed(link[2])) : null;
}

/** As POST /assets/set takes it. */
export const coordinatesText = ([latitude, longitude]) => `${short(latitude)}, ${short(longitude)}`;

const short = (value) => String(Number(value.toFixed(DIGITS)));
const numberOf = (text) => Number(String(text ?? 0).replace(',', '.').replace('−', '-'));
const degrees = ([whole, minutes, seconds]) => numberOf(whole) + numberOf(minutes) / 60 + numberOf(seconds) / 3600;

function signed(text, side = '') {
  const value = numberOf(text);
  return /[SW]/i.test(side) ? -Math.abs(value) : value;
}

function checked(latitude, longitude) {
  return Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180 ? [latitude, longitude] : null;
}
