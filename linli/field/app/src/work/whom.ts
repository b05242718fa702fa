/** Who a mark means: one of these. */
export type Whom = { person: string } | { household: string } | { door: number };
