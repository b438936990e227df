import type { Follow } from "../guard/admission.ts";
import type { OpenStream } from "../guard/open-streams.ts";

type Body = NonNullable<Response["body"]>;

/**
 * The body of a response that ends when its key stops being valid. Reads the server's body only when it is read itself, and passes
 * a cancellation on. It is followed from the first read: some frameworks drop a body without reading it.
 */
export class FollowedBody implements OpenStream {
  destroyed = false;
  /** The body to send. */
  readonly stream: Body;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #onClose: (() => void)[] = [];
  #follow: Follow | null;
  #end: () => void = () => undefined;

  /** @param isComplete - whether the body may simply end, as events may. Others end with an error: half a document must not look complete */
  constructor(body: Body, follow: Follow, isComplete: boolean) {
    this.#reader = body.getReader();
    this.#follow = follow;
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const error = () => controller.error(new Error("the key of this request is no longer valid"));
          this.#end = isComplete ? () => controller.close() : error;
        },
        pull: (controller) => this.#pull(controller),
        cancel: (reason) => {
          this.#close();
          return this.#reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  destroy(): void {
    if (this.destroyed) return;
    this.#close();
    this.#end();
    this.#reader.cancel().catch(() => undefined);
  }

  once(_event: "close", listener: () => void): void {
    this.#onClose.push(listener);
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    const follow = this.#follow;
    this.#follow = null;
    if (follow !== null && follow(this) !== null) this.destroy();
    try {
      const { done, value } = await this.#reader.read();
      if (this.destroyed) return;
      if (done) this.#close();
      if (done) controller.close();
      else controller.enqueue(value);
    } catch (error) {
      if (this.destroyed) return;
      this.#close();
      controller.error(error);
    }
  }

  #close(): void {
    this.destroyed = true;
    for (const listener of this.#onClose.splice(0)) listener();
  }
}
