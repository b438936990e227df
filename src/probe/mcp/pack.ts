import { JOINED, type Variation } from "./variation.ts";

/** Servers refuse more headers than this with those of every request: the limit of Apache and Python is 100. */
const MOST_HEADERS = 88;

/** Variations that are sent in one request. */
interface Packed {
  readonly variations: Variation[];
  /** Parts of the request that one of them changes. */
  readonly taken: Set<string>;
  headers: number;
}

/**
 * Packs variations into as few requests as their order allows.
 * @param into - Requests to add to.
 * @param spread - Fills the requests evenly, and spreads headers that can be joined, because their first value counts most.
 */
export function pack(
  variations: readonly Variation[],
  { into = [], spread = false }: { into?: readonly (readonly Variation[])[]; spread?: boolean } = {},
): Variation[][] {
  const all: Packed[] = [];
  for (const group of into) addTo(startIn(all), group);
  for (const one of variations) {
    const fitting = all.filter((packed) => fits(one, packed));
    const [packed = startIn(all)] = spread ? fitting.sort(byShared(one)) : fitting;
    addTo(packed, [one]);
  }
  return all.map((packed) => packed.variations);
}

function startIn(all: Packed[]): Packed {
  const packed = { variations: [], taken: new Set<string>(), headers: 0 };
  all.push(packed);
  return packed;
}

function addTo(packed: Packed, variations: readonly Variation[]): void {
  for (const one of variations) {
    packed.variations.push(one);
    for (const part of partsOf(one)) packed.taken.add(part);
    packed.headers += Object.keys(one.headers ?? {}).length;
  }
}

function fits(one: Variation, { variations: [first], taken, headers }: Packed): boolean {
  if (first === undefined || one.alone === true || first.alone === true || one.era !== first.era) return false;
  if (headers + Object.keys(one.headers ?? {}).length > MOST_HEADERS) return false;
  if (one.body !== undefined && (taken.has(WHOLE_BODY) || (one.composes !== true && taken.has(PART_OF_BODY))))
    return false;
  return !partsOf(one).some((part) => part !== PART_OF_BODY && taken.has(part));
}

const WHOLE_BODY = "the body";
const PART_OF_BODY = "a part of the body";

/** Names the parts of a request that a variation changes. All but a part of the body can be changed once. */
function partsOf(one: Variation): string[] {
  const parts: string[] = (["method", "path", "version", "reuse"] as const).filter((part) => one[part] !== undefined);
  if (one.query !== undefined) parts.push(`the parameter ${one.query.replace(/=.*/s, "")}`);
  if (one.body !== undefined) parts.push(one.composes === true ? PART_OF_BODY : WHOLE_BODY);
  for (const name of Object.keys(one.headers ?? {})) if (JOINED[name] === undefined) parts.push(`the header ${name}`);
  return parts;
}

/** Compares requests by how often they have a header of a variation, then by size. */
function byShared({ headers = {} }: Variation): (a: Packed, b: Packed) => number {
  const joined = Object.keys(headers).filter((name) => JOINED[name] !== undefined);
  const shared = ({ variations }: Packed): number =>
    joined.length === 0 ? 0 : variations.filter((other) => joined.some((name) => name in (other.headers ?? {}))).length;
  return (a, b) => shared(a) - shared(b) || a.variations.length - b.variations.length;
}
