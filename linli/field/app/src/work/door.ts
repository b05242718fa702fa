/** One door as a screen needs it: who lives there, how they stand, whom to call, what was marked last. */
import { computed, shallowRef, watchEffect, type ComputedRef, type ShallowRef } from 'vue';
import { mine, read, round, stairs, work, type OwnMark } from '../field';
import { t } from '../words';
import { isOpen, type Stairwell, type Tile } from './figures';
import type { Household, HouseholdDetails, Person, PersonDetails } from './data';
import type { Standing } from './overlay';
import type { Whom } from './whom';

/** As the server has it: a mark is taken back within two hours. */
const UNDO_MS = 2 * 3_600_000;

export interface Member {
  person: Person;
  details: PersonDetails;
  standing: Standing | undefined;
}

export interface Home {
  household: Household;
  details: HouseholdDetails;
  members: Member[];
  standing: Standing | undefined;
}

function findTile(key: number | undefined): { tile: Tile; stair: Stairwell } | undefined {
  for (const stair of stairs.value) {
    const tile = stair.tiles.find((each) => each.door.id === key);
    if (tile) return { tile, stair };
  }
  return undefined;
}

const detailsOf = <T>(each: { row?: Household['row']; fresh?: T }): Promise<T> =>
  each.fresh ? Promise.resolve(each.fresh) : read<T>(each.row);

/** The households at some doors with their people, opened. Stays what it was until the new one is opened. */
export function useHomes(doors: () => readonly number[]): ShallowRef<Home[]> {
  const homes = shallowRef<Home[]>([]);
  watchEffect(async (onCleanup) => {
    let isOld = false;
    onCleanup(() => (isOld = true));
    const wanted = new Set(doors());
    const standings = round.value && work.value.standings.get(round.value.id);
    const people = [...work.value.people.values()].filter((person) => wanted.has(person.door));
    const households = [...work.value.households.values()].filter((household) => wanted.has(household.door));
    const opened = await Promise.all(
      households.map(async (household): Promise<Home> => {
        const inside = people.filter((person) => person.household === household.id);
        const members = inside.map(async (person): Promise<Member> => {
          return { person, details: await detailsOf<PersonDetails>(person), standing: standings?.get(person.id) };
        });
        const details = await detailsOf<HouseholdDetails>(household);
        return { household, details, members: await Promise.all(members), standing: standings?.get(household.id) };
      }),
    );
    if (!isOld) homes.value = opened;
  });
  return homes;
}

export function needsOf(details: PersonDetails): string[] {
  return (details.needs ?? []).map((code) => {
    if (code === 'over_80' && details.age !== undefined) return t('age', { n: details.age });
    return work.value.pack.needs.get(code) ?? code;
  });
}

const isAt = (whom: Whom, tile: Tile): boolean => {
  if ('door' in whom) return whom.door === tile.door.id;
  if ('household' in whom) return work.value.households.get(whom.household)?.door === tile.door.id;
  return work.value.people.get(whom.person)?.door === tile.door.id;
};

interface DoorView {
  found: ComputedRef<{ tile: Tile; stair: Stairwell } | undefined>;
  homes: ShallowRef<Home[]>;
  needs: ComputedRef<string[]>;
  phones: ComputedRef<{ name: string; phone: string }[]>;
  isDone: ComputedRef<boolean>;
  last: ComputedRef<OwnMark | undefined>;
}

export function useDoor(key: () => number | undefined): DoorView {
  const found = computed(() => findTile(key()));
  const homes = useHomes(() => (key() === undefined ? [] : [key()!]));
  const members = computed(() => homes.value.flatMap((home) => home.members));
  return {
    found,
    homes,
    needs: computed(() => [...new Set(members.value.flatMap((member) => needsOf(member.details)))]),
    phones: computed(() =>
      members.value.flatMap(({ details }) => (details.phone ? [{ name: details.name ?? '', phone: details.phone }] : [])),
    ),
    isDone: computed(() => {
      const state = found.value?.tile.state;
      return state !== undefined && state !== null && !isOpen(state);
    }),
    last: computed(() => {
      const tile = found.value?.tile;
      if (!tile) return undefined;
      const counts = new Set(tile.standings.map((standing) => standing.mark));
      const isLive = (own: OwnMark): boolean =>
        own.at > Date.now() - UNDO_MS && own.round === round.value?.id && counts.has(own.id) && isAt(own.whom, tile);
      return [...mine.value].reverse().find(isLive);
    }),
  };
}
