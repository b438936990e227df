import type { Reporter } from "vitest/node";

/**
 * Names every test that was left out and why, so that a green run never hides one. Where everything has to run
 * (`strict`), one left out fails the run.
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
      console.log(`\n${leftOut.length} left out:\n${leftOut.map((line) => `  ${line}`).join("\n")}`);
      if (!strict) return;
      console.log("none may be left out where CI is set: the run fails");
      process.exitCode = 1;
    },
  };
}
