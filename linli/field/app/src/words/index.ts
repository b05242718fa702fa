/** Every text of the app, in two languages; the shape of one is the type of the other, so that none is missing. */
import { computed, ref } from 'vue';
import { en } from './en';
import { fill } from './fill';
import { zh, type Word } from './zh';

type Lang = 'zh-hans' | 'en';
export { num } from './fill';
export type { Word };

function firstLang(): Lang {
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem('linli.lang');
  } catch {
    /* no storage: the browser's language */
  }
  if (chosen === 'en' || chosen === 'zh-hans') return chosen;
  return navigator.language.startsWith('zh') ? 'zh-hans' : 'en';
}

export const lang = ref<Lang>(firstLang());
const words = computed(() => (lang.value === 'en' ? en : zh));
const locale = computed(() => (lang.value === 'en' ? 'en-GB' : 'zh-CN'));

export function setLang(next: Lang): void {
  lang.value = next;
  document.documentElement.lang = next === 'en' ? 'en' : 'zh-Hans';
  try {
    localStorage.setItem('linli.lang', next);
  } catch {
    /* lasts until the page is left */
  }
}

export const t = (word: Word, values: Record<string, string | number> = {}): string => fill(words.value[word], values);

/** For words that are put together, `state_` + a code: the code itself where there is no word. */
export const tOr = (word: string, otherwise: string): string => (word in words.value ? t(word as Word) : otherwise);

/** "2022-10-04" -> "10/4" ("4/10"). */
export const day = (iso: string): string =>
  new Date(`${iso}T12:00`).toLocaleDateString(locale.value, { month: 'numeric', day: 'numeric' });

/** "13:05" today, else "10/4 13:05" ("4 Oct, 13:05"). */
export function clock(at: number | string | undefined): string {
  if (at === undefined) return '–';
  const date = new Date(at);
  const time = date.toLocaleTimeString(locale.value, { hour: '2-digit', minute: '2-digit', hour12: false });
  if (date.toDateString() === new Date().toDateString()) return time;
  return `${date.toLocaleDateString(locale.value, { month: 'numeric', day: 'numeric' })} ${time}`;
}
