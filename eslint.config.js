import { builtinModules } from "node:module";
import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

/** Forbidden except where a tool needs it: one way to name a thing, and a name that a search finds. */
const shape = [
  { selector: "ExportDefaultDeclaration", message: "Give it a name: default exports are renamed at every import." },
  { selector: "ExportAllDeclaration", message: "Name what is exported: `export *` publishes by accident." },
  { selector: "TSEnumDeclaration", message: "Use a literal object `as const`, or a union of strings." },
];

const builtins = builtinModules
  .filter((name) => !name.startsWith("_") && !name.startsWith("node:"))
  .map((name) => ({ name, message: `Write node:${name}.` }));

export default defineConfig(
  { ignores: ["dist", "dist.*", "coverage", "**/node_modules", "**/*.d.ts"] },
  { linterOptions: { reportUnusedDisableDirectives: "error", reportUnusedInlineConfigs: "error" } },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      // For plain JavaScript; in TypeScript the compiler knows the names.
      globals: Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, "readonly"])),
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // A floating promise is a write that fails unnoticed, or a key accepted before the verdict.
      "@typescript-eslint/no-floating-promises": ["error", { checkThenables: true }],
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-import-type-side-effects": "error",
      // `== null` means null or undefined.
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-restricted-syntax": ["error", ...shape],
      "no-restricted-imports": ["error", { paths: builtins }],

      // Allows numbers in messages: `line ${n}`.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // A method that returns a promise is `async` even with nothing to await: then its throw is a rejection.
      "@typescript-eslint/require-await": "off",
      // `close: async () => {}` means that there is nothing to do.
      "@typescript-eslint/no-empty-function": ["error", { allow: ["arrowFunctions", "asyncMethods", "methods"] }],
      // Allows `() => stop()` and `return refuse(…)`; using a void value is still an error.
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // `KeyId | KeyName` documents what a string may be.
      "@typescript-eslint/no-duplicate-type-constituents": "off",
      // `_` marks a name that is only there to be left out.
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      // An empty environment variable or header counts as absent, so `||` on strings is meant.
      "@typescript-eslint/prefer-nullish-coalescing": ["error", { ignorePrimitives: { string: true } }],
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: "only-allowed-literals" },
      ],
      // Control characters are stripped from text that a server sent.
      "no-control-regex": "off",
    },
  },
  {
    files: ["src/**"],
    rules: {
      "max-lines": ["error", { max: 250 }],
      "no-console": "error",
    },
  },
  {
    files: ["test/**", "examples/**", "bench/**"],
    rules: {
      "max-lines": ["error", { max: 400 }],
      // JSON from servers and files is checked by the assertion that follows.
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      // A wrong assumption ends the test, as it should.
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-dynamic-delete": "off",
      // Code under test may get anything.
      "@typescript-eslint/only-throw-error": "off",
      // Our objects are made of closures and may be destructured: `const { keys, store } = …`.
      "@typescript-eslint/unbound-method": "off",
      // `[...alphabet]`
      "@typescript-eslint/no-misused-spread": "off",
      // The old transports are deprecated, but still in use.
      "@typescript-eslint/no-deprecated": "off",
    },
  },
  {
    // Without type annotations the typed rules see `any`; the rules about promises still apply.
    files: ["**/*.js"],
    rules: {
      ...tseslint.configs.disableTypeChecked.rules,
      "@typescript-eslint/no-floating-promises": ["error", { checkThenables: true }],
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/await-thenable": "error",
    },
  },
  {
    // CommonJS, because it starts faster: see scripts/build.js.
    files: ["bin/**"],
    languageOptions: { sourceType: "commonjs", globals: { require: "readonly" } },
    rules: { "@typescript-eslint/no-require-imports": "off" },
  },
  {
    files: ["eslint.config.js", "**/vitest*.config.ts"],
    rules: {
      "no-restricted-syntax": ["error", ...shape.filter(({ selector }) => selector !== "ExportDefaultDeclaration")],
    },
  },
);
