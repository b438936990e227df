import { z } from "zod";

/** What a running tool can do, with the same interface for both SDKs. */
export interface Call {
  readonly args: Record<string, unknown>;
  readonly progressToken: string | number | undefined;
  /** Sends a notification on the stream of this call. */
  notify(method: string, params: object): Promise<void>;
  /** Sends a request to the client on the stream of this call. Needs sessions. */
  ask(method: string, params: object): Promise<Record<string, unknown>>;
}

export interface OfferedTool {
  readonly description: string;
  readonly input?: z.ZodRawShape;
  run(call: Call): object[] | Promise<object[]>;
}

const PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQAAAAA=";

const text = (what: string) => ({ type: "text", text: what });
const image = { type: "image", data: PIXEL, mimeType: "image/png" };

/** The conformance suite calls tools by these names. */
export const TOOLS: Readonly<Record<string, OfferedTool>> = {
  test_simple_text: { description: "Some text", run: () => [text("A line of text.")] },
  test_image_content: { description: "A picture", run: () => [image] },
  test_audio_content: {
    description: "A sound",
    run: () => [{ type: "audio", data: SILENCE, mimeType: "audio/wav" }],
  },
  test_embedded_resource: {
    description: "A resource",
    run: () => [resource("test://embedded-resource", "text/plain", "An embedded resource.")],
  },
  test_multiple_content_types: {
    description: "Some of each",
    run: () => [text("All kinds:"), image, resource("test://mixed", "application/json", '{"mixed":true}')],
  },
  test_error_handling: {
    description: "Fails",
    run: () => {
      throw new Error("this tool always fails");
    },
  },
  test_tool_with_logging: {
    description: "Logs while it runs",
    input: {},
    run: async ({ notify }) => {
      for (const data of ["started", "working", "done"]) await notify("notifications/message", { level: "info", data });
      return [text("logged")];
    },
  },
  test_tool_with_progress: {
    description: "Reports progress",
    input: {},
    run: async ({ notify, progressToken = 0 }) => {
      for (const progress of [0, 50, 100])
        await notify("notifications/progress", { progressToken, progress, total: 100 });
      return [text("progressed")];
    },
  },
};

/** Tools for servers that can send requests to their client. */
export const ASKING_TOOLS: Readonly<Record<string, OfferedTool>> = {
  test_sampling: {
    description: "Asks the client's model",
    input: { prompt: z.string() },
    run: async ({ args, ask }) => {
      const messages = [{ role: "user", content: text(String(args["prompt"])) }];
      return [text(JSON.stringify(await ask("sampling/createMessage", { messages, maxTokens: 100 })))];
    },
  },
  test_elicitation: {
    description: "Asks the client's user",
    input: { message: z.string() },
    run: async ({ args, ask }) => {
      const requestedSchema = { type: "object", properties: { response: { type: "string" } }, required: ["response"] };
      return [text(JSON.stringify(await ask("elicitation/create", { message: args["message"], requestedSchema })))];
    },
  },
};

/** Resources by URI. */
export const RESOURCES: Readonly<Record<string, { readonly mimeType: string; readonly content: object }>> = {
  "test://static-text": { mimeType: "text/plain", content: { text: "A static text." } },
  "test://static-binary": { mimeType: "image/png", content: { blob: PIXEL } },
  "test://watched-resource": { mimeType: "text/plain", content: { text: "A text to subscribe to." } },
};

/** `test://template/{id}/data` */
export function fillTemplate(
  uri: string,
  id: unknown,
): { contents: [{ uri: string; mimeType: string; text: string }] } {
  return {
    contents: [{ uri, mimeType: "application/json", text: JSON.stringify({ id, data: `data of ${String(id)}` }) }],
  };
}

export interface OfferedPrompt {
  readonly description: string;
  readonly input?: Readonly<Record<string, z.ZodString>>;
  messages(args: Record<string, string>): object[];
}

export const PROMPTS: Readonly<Record<string, OfferedPrompt>> = {
  test_simple_prompt: { description: "Always the same text", messages: () => [text("A simple prompt.")] },
  test_prompt_with_arguments: {
    description: "Repeats its arguments",
    input: { arg1: z.string(), arg2: z.string() },
    messages: ({ arg1, arg2 }) => [text(`arg1='${arg1 ?? ""}', arg2='${arg2 ?? ""}'`)],
  },
  test_prompt_with_embedded_resource: {
    description: "Embeds a resource",
    input: { resourceUri: z.string() },
    messages: ({ resourceUri = "" }) => [resource(resourceUri, "text/plain", "Embedded."), text("Read the above.")],
  },
  test_prompt_with_image: { description: "Has a picture", messages: () => [image, text("Look at the above.")] },
};

function resource(uri: string, mimeType: string, content: string): object {
  return { type: "resource", resource: { uri, mimeType, text: content } };
}
