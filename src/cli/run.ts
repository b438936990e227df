import { resolveConfig } from "../config.ts";
import { CODES, KeysError } from "../errors.ts";
import type { Keys } from "../keys/keys.ts";
import { packageVersion } from "../package-version.ts";
import type { KeyStore, StoreWorld } from "../stores/store.ts";
import { connect } from "./connect.ts";
import type { Context, World } from "./context.ts";
import { addStore } from "./hint.ts";
import { maskSecrets, refuseTokens, refuseTokensIn } from "./misplaced-token.ts";
import { createIo, type GlobalFlags, type OutputStream, type Streams } from "./terminal/io.ts";
import { createPainter } from "./terminal/painter.ts";
import { CLOSED_OUTPUT, watchOutput } from "./terminal/watch-output.ts";
import { unexpected } from "./unexpected.ts";

/** Milliseconds for cleanup at the end of a run, unless a task asks for more. */
const TIDY_LIMIT = 80;
/** A line that starts with one of these prints the version, without the command line parser: it takes a third of the time. */
const VERSION_WORDS: readonly string[] = ["--version", "-v", "-V", "version"];

/**
 * Runs one command line and returns its exit status. Never rejects: every error ends in the one catch here.
 * @param argv - the words after `node` and the script
 */
export async function run(argv: readonly string[], outside: World): Promise<number> {
  const stdout = watchOutput(outside.streams.stdout);
  const world = withStdout(outside, stdout.stream);
  const session = createSession(world);
  const running = runWords(argv, session, world);
  try {
    await Promise.race([running, interruption(world)]);
    return stdout.isClosed ? CLOSED_OUTPUT : session.status();
  } catch (error) {
    // The prompt of the shell should follow the message, and another run may start then.
    if (world.interrupted.aborted) await session.end(running);
    // Like a program that SIGPIPE ends: no message, and never 0, because the result was lost.
    if (stdout.isClosed) return CLOSED_OUTPUT;
    return await reportError(toKeysError(await moreExact(error, running)), world, argv, session.store());
  } finally {
    await session.end(running);
  }
}

/** Runs the words. Help and version are the result of a run, like any other. */
async function runWords(line: readonly string[], session: Session, { env, streams }: World): Promise<void> {
  refuseTokens(line, env);
  const argv = withHelpFlag(line);
  if (VERSION_WORDS.includes(argv[0] ?? "")) {
    await streams.stdout.write(`${packageVersion}\n`);
    return;
  }
  const { runCommand } = await import("./run-command.ts");
  const help = await runCommand(argv, session, streams);
  if (help !== "") await streams.stdout.write(help);
}

/** Returns the arguments with `help rotate` replaced by `rotate --help`. */
function withHelpFlag(argv: readonly string[]): readonly string[] {
  const at = argv.findIndex((word) => !word.startsWith("-"));
  // A store may have this name.
  if (argv[at] !== "help" || argv[at - 1] === "--store") return argv;
  return [...argv.filter((word) => word !== "help"), "--help"];
}

/** Returns the world with another stdout. Its other members may be getters, which are costly to read. */
function withStdout(world: World, stdout: OutputStream): World {
  const streams: Streams = { stdin: world.streams.stdin, stdout, stderr: world.streams.stderr };
  return Object.create(world, { streams: { value: streams, enumerable: true } }) as World;
}

interface Session {
  readonly context: () => Context;
  open(flags: GlobalFlags): Promise<void>;
  /** The value of `--store`, once the flags were read. */
  store(): string | undefined;
  status(): number;
  /** Cleans up, and waits for it only as long as the tasks asked for. */
  end(running: Promise<void>): Promise<void>;
}

function createSession(world: World): Session {
  let context: Context | undefined;
  let status = 0;
  let store: Promise<KeyStore> | undefined;
  const opened: Promise<KeyStore>[] = [];
  let keys: Promise<Keys> | undefined;
  const tidies: (() => Promise<void>)[] = [];
  let limit = TIDY_LIMIT;
  let ending: Promise<void> | undefined;

  async function open(flags: GlobalFlags): Promise<void> {
    const painterOf = (stream: OutputStream) => createPainter(flags.color ? stream.colors : 0);
    const io = createIo(world.streams, flags, await painterOf(world.streams.stderr));
    const spec = resolveConfig(flags, world.env).store;
    const openStore = (named: string) => {
      const opening = openWith(named, storeWorld).then((each) => (io.debug(`store ${each.spec}`), each));
      opened.push(opening);
      return opening;
    };
    const getStore = () => (store ??= openStore(spec));
    const connectOnce = () => (keys ??= getStore().then((opened) => connect(opened, world)));
    const { stdin, stderr } = world.streams;
    const isInteractive = () => flags.input && isBlank(world.env["CI"]) && stdin.isTerminal && stderr.isTerminal;
    const { env, uid, dataDir } = world;
    const storeWorld: StoreWorld = {
      env,
      uid,
      dataDir,
      get attended() {
        return isInteractive();
      },
      notify: (line) => io.note(line),
    };
    context = {
      world,
      flags,
      io,
      paint: await painterOf(world.streams.stdout),
      get interactive() {
        return isInteractive();
      },
      prompts: async () => refuseTokensIn(await world.prompts()),
      store: getStore,
      readers() {
        if (flags.stores.length < 2) {
          return [{ spec, open: async () => ({ store: await getStore(), keys: connectOnce }) }];
        }
        const openReader = async (named: string) => {
          const opened = await openStore(named);
          return { store: opened, keys: () => connect(opened, world) };
        };
        return flags.stores.map((named) => ({ spec: named, open: () => openReader(named) }));
      },
      openStore,
      keys: connectOnce,
      program: async (words) => (await import("./run-command.ts")).buildProgram(getContext, words),
      setExitStatus: (wanted) => {
        status = wanted;
      },
      atEnd: (tidy, needed = TIDY_LIMIT) => {
        tidies.push(tidy);
        limit = Math.max(limit, needed);
      },
    };
  }

  async function close(running: Promise<void>): Promise<void> {
    await Promise.allSettled(tidies.map((tidy) => tidy()));
    // An interrupted command may still note in the store what became of the token.
    await atMost(limit / 2, Promise.allSettled([running]));
    await Promise.allSettled(opened.map(async (each) => (await each).close()));
  }

  function getContext(): Context {
    if (context === undefined) throw new KeysError("BUG", "a command ran before its flags were read");
    return context;
  }

  return {
    context: getContext,
    open,
    store: () => context?.flags.store,
    status: () => status,
    end: (running) => (ending ??= atMost(limit, close(running))),
  };
}

/** Waits for some work, but only so many milliseconds. Without a timer if it is done at once: the first timer takes 0.2 ms. */
async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const isDone = work.then(() => true);
  const isLate = new Promise<false>((resolve) => void setImmediate(resolve, false));
  if (!(await Promise.race([isDone, isLate]))) await Promise.race([isDone, sleep(ms)]);
}

/** Resolves after some milliseconds, unless nothing else keeps the process open. */
function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}

async function openWith(spec: string, world: StoreWorld): Promise<KeyStore> {
  const { openStore } = await import("./lazy/store.ts");
  return openStore(spec, world);
}

function interruption({ onInterrupt }: World): Promise<never> {
  return new Promise((_, reject) => {
    onInterrupt(() => {
      reject(new KeysError("INTERRUPTED", "interrupted"));
    });
  });
}

/** Returns what an interrupted command says about its interruption, if it has ended and says something. */
async function moreExact(error: unknown, running: Promise<void>): Promise<unknown> {
  const ended = running.then(
    () => error,
    (own: unknown) => own,
  );
  const own = await Promise.race([ended, Promise.resolve().then(() => Promise.resolve(error))]);
  return own instanceof KeysError && own.code === "INTERRUPTED" ? own : error;
}

function toKeysError(error: unknown): KeysError {
  return error instanceof KeysError ? error : unexpected(error);
}

async function reportError(
  error: KeysError,
  world: World,
  argv: readonly string[],
  store: string | undefined,
): Promise<number> {
  const hint = addStore(error.hint, store);
  const { stderr } = world.streams;
  const write = (text: string) => stderr.write(maskSecrets(text, argv)).catch(() => undefined);
  const words = argv.slice(0, argv.includes("--") ? argv.indexOf("--") : undefined);
  if (words.includes("--json")) {
    await write(`${JSON.stringify({ error: { ...error.toJSON(), hint } })}\n`);
  } else {
    const paint = await createPainter(words.includes("--no-color") ? 0 : stderr.colors);
    await write(`${paint.error("error:")} ${error.message}\n${paint.dim("hint:")} ${hint}\n`);
    const stack = error.cause instanceof Error ? error.cause.stack : undefined;
    if (error.code === "BUG" || words.includes("--verbose")) await write(stack === undefined ? "" : `${stack}\n`);
  }
  return CODES[error.code].exit;
}

function isBlank(text: string | undefined): boolean {
  return text === undefined || text === "" || text === "false" || text === "0";
}
