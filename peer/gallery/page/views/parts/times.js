// When photos were taken, as a form has it, and as POST /assets/set takes it. Pure.

const TAKEN = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?$/;

/** Offsets that somewhere are in use, from west to east. */
export const ZONES = [
  ...['-12:00', '-11:00', '-10:00', '-09:30', '-09:00', '-08:00', '-07:00', '-06:00', '-05:00', '-04:00', '-03:30', '-03:00', '-02:00', '-01:00'],
  ...['Z', '+01:00', '+02:00', '+03:00', '+03:30', '+04:00', '+04:30', '+05:00', '+05:30', '+05:45', '+06:00', '+06:30', '+07:00', '+08:00', '+08:45'],
  ...['+09:00', '+09:30', '+10:00', '+10:30', '+11:00', '+12:00', '+12:45', '+13:00', '+14:00'],
];

/** { date, time, zone } of an ISO time; all "" of anything else. */
export function partsOf(taken) {
  const [, date = '', time = '', zone = ''] = TAKEN.exec(taken ?? '') ?? [];
  return { date, time, zone };
}

export const zoneText = (zone) => (zone === 'Z' ? 'UTC' : `UTC${zone.replace('-', '−')}`);

/** Sets all to one time. */
export const setting = ({ date, time, zone }) => [`taken=${date}T${time || '12:00'}${zone}`];

/** Shifts each by so much, and says in which zone its clock was; [] when nothing changes. */
export function shifting({ days, hours, minutes, isEarlier, zone }) {
  const span = [
    [days, 'd'],
    [hours, 'h'],
    [minutes, 'm'],
  ]
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join('');
  return [...(span ? [`taken${isEarlier ? '-' : '+'}=${span}`] : []), ...(zone ? [`zone=${zone}`] : [])];
}
