/** Values in a text. Pure. */
export const num = (value: number): string => value.toLocaleString('en-US');

/** `{n}` is a value, `{n|door|doors}` the first for 1 and the second for all else. */
export const fill = (text: string, values: Record<string, string | number>): string =>
  text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_whole, name: string, one?: string, more?: string) => {
    const value = values[name] ?? '';
    if (one !== undefined) return value === 1 ? one : more!;
    return typeof value === 'number' ? num(value) : value;
  });
