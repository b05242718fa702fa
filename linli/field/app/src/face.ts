/** The state of the app that every screen reads, and what the worker chose for this phone. */
import { reactive } from 'vue';
import type { Account, Ending } from './store/account';
import type { Counts } from './store/outbox';
import type { Stuck } from './store/sync';

type Phase = 'starting' | 'unsupported' | 'sign-in' | 'choose-pin' | 'locked' | 'open';
type Line = 'idle' | 'sending' | 'no-signal' | 'waiting';

interface Face {
  phase: Phase;
  ended: Ending | undefined;
  account: Account | undefined;
  counts: Counts;
  line: Line;
  /** When the server was last heard, by the device's clock. */
  heardAt: number | undefined;
  /** What the server said of the last attempt, where the worker should know. */
  problem: { code: string; text: string } | undefined;
  stuck: Stuck[];
  /** Sign-ins that are over here, and that the server has not been told of. */
  farewells: number;
  onlineOnly: boolean;
  persisted: boolean | undefined;
  large: boolean;
  round: string | null;
}

const kept = (name: string): string | null => {
  try {
    return localStorage.getItem(`linli.${name}`);
  } catch {
    return null; // switched off by the browser: the choice lasts until the page is left
  }
};

const keep = (name: string, value: string): void => {
  try {
    localStorage.setItem(`linli.${name}`, value);
  } catch {
    /* as above */
  }
};

export const face = reactive<Face>({
  phase: 'starting',
  ended: undefined,
  account: undefined,
  counts: { waiting: 0, refused: 0, conflict: 0, unstored: 0 },
  line: 'idle',
  heardAt: undefined,
  problem: undefined,
  stuck: [],
  farewells: 0,
  onlineOnly: !('serviceWorker' in navigator),
  persisted: undefined,
  large: kept('large') === '1',
  round: kept('round'),
});

export function setLarge(large: boolean): void {
  face.large = large;
  keep('large', large ? '1' : '0');
}

export function setRound(id: string): void {
  face.round = id;
  keep('round', id);
}
