// Opens pages in a browser and holds them to what every page has to keep: it asks nobody for anything, breaks no policy
// of its own, writes no error, and runs no code but its own script.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const { FTAUDIT_MODULES: modules, FTAUDIT_BROWSER: executablePath, FTAUDIT_PAGES: pages } = process.env;
const require = createRequire(join(modules, "/"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const SCHEMES = ["light", "dark"];
export const WIDTHS = [1280, 400];

let browser;

export async function start() {
  // The pages are this repository's own, and containers seldom let a browser make its sandbox.
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

export async function stop() {
  await browser.close();
}

/** A page that is open, and what it did that no page may do. */
export async function open(path, { width = 1280, scheme = "light", scripts = true, audited = false } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    javaScriptEnabled: scripts,
    // The checker itself makes elements in ways that the page's policy forbids.
    bypassCSP: audited,
  });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => complaints.push(`console: ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.isNavigationRequest() || !request.url().startsWith("file:")) {
      complaints.push(`request: ${request.url()}`);
    }
  });
  if (scripts) {
    await page.addInitScript(() => {
      window.violations = [];
      document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) => {
        window.violations.push(`${violatedDirective}: ${blockedURI} ${sample}`);
      });
    });
  }
  const goto = (path) => page.goto(pathToFileURL(join(pages, path)).href);
  await goto(path);
  return { page, complaints, scripts, goto };
}

/** Closes a page, which has done nothing wrong until now. */
export async function close({ page, complaints, scripts }) {
  if (scripts) {
    const { violations, pwned } = await page.evaluate(() => ({ violations: window.violations, pwned: window.pwned }));
    assert.deepEqual(violations, [], "the page broke its own policy");
    assert.equal(pwned, undefined, "a name was run as code");
  }
  assert.deepEqual(complaints, []);
  await page.context().close();
}

/** Opens a page, does something with it, and closes it. */
export async function on(path, options, act) {
  const opened = await open(path, options);
  await act(opened.page);
  await close(opened);
}

/** What axe-core has against a page as it is shown now. */
export async function violations(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map(({ id, help, nodes }) => ({ id, help, at: nodes.slice(0, 3).map((node) => node.html) }));
}

/** Holds a page against axe-core in both schemes, wide and narrow. */
export async function isAccessible(path) {
  for (const scheme of SCHEMES) {
    for (const width of WIDTHS) {
      await on(path, { scheme, width, audited: true }, async (page) => {
        // All of it is laid out and opened, to be looked at.
        await page.addStyleTag({ content: "* { content-visibility: visible !important; }" });
        await page.$$eval("details", (all) => all.forEach((one) => one.setAttribute("open", "")));
        assert.deepEqual(await violations(page), [], `${path}, ${scheme}, ${width} pixels wide`);
      });
    }
  }
}

/** Nothing sticks out at the side, so that nobody has to scroll in two directions. */
export async function fitsItsWidth(path) {
  for (const width of [...WIDTHS, 320]) {
    await on(path, { width }, async (page) => {
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${path} is ${wide} pixels wide in a window of ${width}`);
    });
  }
}

/** The text of everything that a selector finds and that no filter hides, also where it is not laid out yet. */
export function texts(page, selector) {
  return page.locator(selector).filter({ visible: true }).allTextContents();
}
