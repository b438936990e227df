import type { IncomingMessage } from "node:http";
import type { AuthInfo } from "../guard/auth-info.ts";
import type { OnAnswer } from "../guard/admission.ts";

/** A class that extends it has its private fields on the object that is given. */
const Given = function (object: object) {
  return object;
} as unknown as new (object: object) => object;

/**
 * What guards have noted of a request, in private fields of its list of raw headers: nobody else sees or changes them there,
 * and a proxy of the request has them too. Not on the request: in Express each has a shape of its own, to which a property
 * cannot be added cheaply. Nor in a `WeakMap`, which costs the collector more than the property.
 */
export class Note extends Given {
  #auth: AuthInfo | undefined;
  #onAnswer: OnAnswer | null = null;

  static authOf(headers: unknown): AuthInfo | undefined {
    const note = Note.#find(headers);
    return note === null ? undefined : note.#auth;
  }

  static setAuth(headers: object, auth: AuthInfo | undefined): void {
    Note.#on(headers).#auth = auth;
  }

  /** Whoever watched before is told as well. */
  static watch(headers: object, onAnswer: OnAnswer): void {
    const note = Note.#on(headers);
    const before = note.#onAnswer;
    note.#onAnswer = before === null ? onAnswer : (head) => before(head) ?? onAnswer(head);
  }

  /** Who is to be told of the answer, once. */
  static takeWatcher(headers: unknown): OnAnswer | null {
    const note = Note.#find(headers);
    if (note === null) return null;
    const onAnswer = note.#onAnswer;
    note.#onAnswer = null;
    return onAnswer;
  }

  static #on(headers: object): Note {
    return Note.#find(headers) ?? new Note(headers);
  }

  /** Also asked about what is no request, but inherits from what requests do. */
  static #find(headers: unknown): Note | null {
    return typeof headers === "object" && headers !== null && #auth in headers ? headers : null;
  }
}

/** Whether a note on the raw headers of a request is found again: other platforms may make the list as it is asked for. */
export function hasOneList(request: IncomingMessage): boolean {
  const { rawHeaders } = request;
  return rawHeaders === request.rawHeaders;
}
