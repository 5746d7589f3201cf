// Every page against html-validate, which knows the HTML standard.

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";

const { FTAUDIT_MODULES: modules, FTAUDIT_PAGES: pages } = process.env;
const { HtmlValidate, formatterFactory } = createRequire(join(modules, "/"))("html-validate");

const validator = new HtmlValidate({
  root: true,
  extends: ["html-validate:recommended", "html-validate:document"],
  // Roles that elements have anyway are written where a style takes them away in some browsers.
  rules: { "no-redundant-role": "off" },
});
const files = readdirSync(pages, { recursive: true }).map((path) => join(pages, path)).filter((path) => path.endsWith(".html"));
let wrong = files.length === 0;
for (const file of files) {
  const report = validator.validateStringSync(readFileSync(file, "utf8"), relative(pages, file));
  if (!report.valid || report.warningCount > 0) {
    wrong = true;
    console.log(formatterFactory("text")(report.results).split("\n").slice(0, 20).join("\n"));
  }
}
console.log(`${files.length} pages were validated`);
process.exitCode = wrong ? 1 : 0;
