/** A command in a worker's words. */
import type { Entry } from '../store/outbox';
import { clock, t, tOr } from '../words';
import { whereIs } from './data';
import type { Work } from './overlay';

/** The door that a command speaks of, if the pack still has it. */
export function doorOf(entry: Pick<Entry, 'command'>, work: Work): number | undefined {
  const payload = entry.command?.payload ?? {};
  if (typeof payload.door === 'number') return payload.door;
  const household = work.households.get(payload.household as string);
  const found = work.people.get(payload.person as string)?.door ?? household?.door;
  return found ?? work.named.get(payload.person as string) ?? work.named.get(payload.household as string);
}

export function describe(entry: Entry, work: Work): string {
  if (!entry.command) return '';
  const { kind, payload } = entry.command;
  const door = doorOf(entry, work);
  const where = (door !== undefined && work.pack.doors.get(door)?.label) || t('unknown_door');
  if (kind === 'rounds.mark') {
    const back = payload.back_at ? t('back_at', { time: clock(String(payload.back_at)) }) : '';
    return [t('kind_mark', { where, mark: t(`mark_${payload.mark as 'done'}`) }), back].filter(Boolean).join(' · ');
  }
  if (kind === 'rounds.unmark') return t('kind_unmark', { where });
  if (kind === 'residents.household') return t('kind_household', { where });
  if (kind === 'residents.person') return t('kind_person', { name: String(payload.name) });
  if (kind === 'residents.move') return t('kind_move', { where });
  if (kind === 'residents.status' || kind === 'residents.correct') return t('kind_status');
  if (kind === 'notices.special') return describeSpecial(payload, work);
  return t('kind_other', { kind });
}

function describeSpecial(payload: Record<string, unknown>, work: Work): string {
  const { doors, places } = work.pack;
  const where = doors.get(payload.door as number)?.label ?? whereIs(payload.place as string | undefined, places) ?? t('unknown_door');
  return t('kind_special', { where, what: tOr(`special_${String(payload.what)}`, String(payload.what)) });
}

/** A field of a conflict, as text. */
export function valueOf(field: string, value: unknown, work: Work): string {
  if (value === undefined || value === null || value === '') return '—';
  if (Array.isArray(value)) return value.map((each) => valueOf(field, each, work)).join('、') || '—';
  if (field === 'sex') return tOr(String(value), String(value));
  if (field === 'needs') return work.pack.needs.get(String(value)) ?? String(value);
  return String(value);
}
