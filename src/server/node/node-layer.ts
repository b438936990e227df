/**
 * Express has objects of its own between its requests or responses and Node's class: one for each app, and one for all of
 * them. What is put on the last before that class belongs to the requests or responses of all apps, and costs nothing as they
 * come. On each of them it would: Express gives each a shape of its own.
 * @param parent - the prototype of a request or response
 * @param own - what Node's class has of its own
 * @returns `null` when nothing stands between, or nothing that can be added to
 */
export function findLayer(parent: object, own: string): object | null {
  let last: object | null = null;
  let next: object | null = parent;
  while (next !== null && !Object.hasOwn(next, own)) {
    last = next;
    next = parentOf(next);
  }
  return next !== null && last !== null && Object.isExtensible(last) ? last : null;
}

/** What of an object and all that it inherits from has a property of its own first; `null` when nothing has. */
export function ownerOf(object: object, property: string): object | null {
  let owner: object | null = object;
  while (owner !== null && !Object.hasOwn(owner, property)) owner = parentOf(owner);
  return owner;
}

export function parentOf(object: object): object | null {
  return Object.getPrototypeOf(object) as object | null;
}
