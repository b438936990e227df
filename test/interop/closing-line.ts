import type { Reporter } from "vitest/node";

/** Prints a summary line at the end of the run. */
export function closingLine(): Reporter {
  return {
    onTestRunEnd(modules, errors) {
      const tests = modules.flatMap((module) => [...module.children.allTests()]);
      const count = (state: string) => tests.filter((test) => test.result().state === state).length;
      const broken = errors.length + modules.filter((module) => module.errors().length > 0).length;
      console.log(`interop: ${count("passed")} passed, ${count("failed") + broken} failed`);
    },
  };
}
