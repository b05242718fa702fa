/** What the register would refuse of somebody who is entered at the door, said while they still stand there. Pure; the
 * rules are those of `linli/core/sheets/cells.py` and `linli/residents/policies.py`, and the server's word counts. */
import type { Word } from '../words';
import type { NewPerson } from './acts';

export const NAME_LENGTH = 80;
export const LABEL_LENGTH = 40;
export const RELATION_LENGTH = 20;
export const NOTE_LENGTH = 400;
export const MOST_PEOPLE = 50;

const ID_NUMBER = /^\d{6}(\d{4})(\d\d)(\d\d)\d\d(\d)[\dX]$/;
const PHONES = [/^1[3-9]\d{9}$/, /^(010|02\d|0[3-9]\d{2})[2-9]\d{6,7}$/, /^[48]00\d{7}$/];
const EXTENSION = /(?:转|分机|ext\.?)\s*\d{1,6}$|(\d{7})-\d{1,6}$/i;

/** Full-width digits and letters as half-width ones. */
const plain = (text: string): string => text.normalize('NFKC').trim();

/** As it is sent: blanks that nobody meant are gone. */
export function tidy(person: NewPerson): NewPerson {
  const { name, phone = '', id_number = '', relation = '', ...rest } = person;
  return { ...rest, name: name.trim(), phone: plain(phone), id_number: plain(id_number).replace(/\s/g, '').toUpperCase(), relation: relation.trim() };
}

/** What is wrong with a person, tidied before; nothing when the register takes them. `today`: such as 2022-10-04. */
export function faultOf(person: NewPerson, today: string): Word | undefined {
  if (!person.name) return 'wrong_name';
  if (person.born_on && !isBirth(person.born_on, today)) return 'wrong_birth';
  if (person.phone && !isPhone(person.phone)) return 'wrong_phone';
  return person.id_number ? faultOfNumber(person.id_number, person, today) : undefined;
}

function faultOfNumber(number: string, { born_on, sex }: NewPerson, today: string): Word | undefined {
  const found = ID_NUMBER.exec(number);
  if (!found) return 'wrong_id';
  const [, year, month, day, order] = found;
  const birth = `${year}-${month}-${day}`;
  if (!isBirth(birth, today)) return 'wrong_id';
  if (born_on && born_on !== birth) return 'wrong_id_birth';
  return sex && sex !== (Number(order) % 2 ? 'male' : 'female') ? 'wrong_id_sex' : undefined;
}

function isBirth(day: string, today: string): boolean {
  const found = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(found.getTime()) && found.toISOString().startsWith(day) && day >= '1890-01-01' && day <= today;
}

function isPhone(text: string): boolean {
  const digits = text.replace(EXTENSION, '$1').replace(/[\s.\-—–()（）+]/g, '').replace(/^(?:00)?86(?=1\d{10}$|0\d{9,11}$)/, '');
  return PHONES.some((known) => known.test(digits));
}
