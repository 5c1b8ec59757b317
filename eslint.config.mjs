// What tsc cannot see: habits that Office hosts or our content security policy punish.
const rules = {
  eqeqeq: "error",
  "no-eval": "error",
  "no-implied-eval": "error",
  "no-var": "error",
  "prefer-const": "error",
  "no-unused-vars": ["error", { caughtErrors: "none" }],
  "no-shadow": "error",
  "no-console": "error",
  // Office.js replaces these with functions that throw, or with null.
  "no-alert": "error",
  "no-restricted-globals": ["error", "history", "localStorage", "sessionStorage", "event", "name"],
  "no-restricted-properties": [
    "error",
    { property: "innerHTML", message: "Subjects are hostile input: build nodes, set textContent." },
    { property: "outerHTML", message: "Subjects are hostile input: build nodes, set textContent." },
    { property: "insertAdjacentHTML", message: "Build nodes, set textContent." },
    { object: "document", property: "write" },
  ],
};

export default [
  { ignores: ["**/node_modules/**", "**/vendor/**", ".venv/**"] },
  {
    files: ["static_taskpane/**/*.js", "backend/sandbox/outlook/**/*.js"],
    languageOptions: { ecmaVersion: 2022, sourceType: "module" },
    rules,
  },
];
