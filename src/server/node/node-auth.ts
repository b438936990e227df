import type { IncomingMessage } from "node:http";
import type { AuthInfo } from "../guard/auth-info.ts";
import { findLayer, ownerOf, parentOf } from "./node-layer.ts";
import { hasOneList, Note } from "./node-note.ts";

/** What has our `auth` of its own, and what requests inherit it through. */
const owners = new WeakSet<object>();
const parents = new WeakSet<object>();

/**
 * Sets `request.auth`. On Express that is a getter of all requests, as `ip` and `query` are: a property on each would cost as
 * much as all else that a guard does. It gives way to whatever is assigned.
 */
export function setAuth(request: IncomingMessage, auth: AuthInfo | undefined): void {
  const parent = parentOf(request);
  const isInherited = parent !== null && (parents.has(parent) || prepare(parent, request));
  if (isInherited && !Object.hasOwn(request, "auth")) Note.setAuth(request.rawHeaders, auth);
  else (request as { auth?: AuthInfo }).auth = auth;
}

/** @returns whether what inherits from `parent` has our `auth`, and no other's */
function prepare(parent: object, request: IncomingMessage): boolean {
  const layer = findLayer(parent, "headers");
  if (layer === null || !hasOneList(request)) return false;
  let owner = ownerOf(parent, "auth");
  if (owner === null) {
    owner = Object.defineProperty(layer, "auth", inherited);
    owners.add(owner);
  }
  if (!owners.has(owner)) return false;
  parents.add(parent);
  return true;
}

const inherited: PropertyDescriptor & ThisType<IncomingMessage> = {
  get(): AuthInfo | undefined {
    return Note.authOf(this.rawHeaders);
  },
  set(value: unknown): void {
    Object.defineProperty(this, "auth", { value, writable: true, enumerable: true, configurable: true });
  },
  configurable: true,
};
