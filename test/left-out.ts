import type { Reporter } from "vitest/node";

/**
 * Lists every skipped test with its reason, because a green run must not hide one.
 * @param strict - whether a skipped test fails the run
 */
export function reportLeftOut(strict: boolean): Reporter {
  let chosenByName = false;
  return {
    onInit(vitest) {
      chosenByName = vitest.config.testNamePattern !== undefined;
    },
    onTestRunEnd(modules) {
      if (chosenByName) return;
      const leftOut = modules.flatMap((module) =>
        [...module.children.allTests("skipped")].map((test) => {
          const result = test.result();
          const why = (result.state === "skipped" && result.note) || test.options.mode;
          return `${module.relativeModuleId} > ${test.fullName} [${why}]`;
        }),
      );
      if (leftOut.length === 0) return;
      console.log(`\n${leftOut.length} skipped:\n${leftOut.map((line) => `  ${line}`).join("\n")}`);
      if (!strict) return;
      console.log("the run fails, because CI is set and no test may be skipped");
      process.exitCode = 1;
    },
  };
}
