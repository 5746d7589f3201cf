// How long a browser takes for the HTML report of 5,000 modules.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { close, open, start, stop } from "./browser.mjs";

before(start);
after(stop);

// Milliseconds that the page keeps its thread busy, which do not count what else the machine does: the wall clock is
// only told. Each is some five times what was measured on a slow machine.
const MOST = { load: 6000, filter: 1000, "filter again": 500, "show all": 1500, sort: 1500 };

for (const shape of ["few-with-many", "many-with-one"]) {
  test(`5,000 modules are no burden: ${shape}`, async (t) => {
    const opened = await open("small.html");
    const { page } = opened;
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Performance.enable", { timeDomain: "threadTicks" });
    const busy = async () => {
      const { metrics } = await devtools.send("Performance.getMetrics");
      return 1000 * metrics.find(({ name }) => name === "TaskDuration").value;
    };
    const took = {};
    const timed = async (what, act) => {
      const [began, busyBefore] = [Date.now(), await busy()];
      await act();
      // Until the frame that shows the result is drawn.
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));
      took[what] = (await busy()) - busyBefore;
      t.diagnostic(`${what}: busy for ${Math.round(took[what])} ms, done after ${Date.now() - began} ms`);
    };
    const shown = () => page.evaluate(() => document.querySelectorAll("#table tbody tr:not([hidden])").length);
    // Not by what the driver offers for that: it searches the whole page for the field, at the page's cost.
    const type = (text) =>
      page.evaluate((text) => {
        const field = document.querySelector("#text");
        field.value = text;
        field.dispatchEvent(new InputEvent("input", { bubbles: true }));
      }, text);
    const sort = () => page.evaluate(() => document.querySelector("thead th button").click());

    await timed("load", () => opened.goto(`${shape}.html`));
    assert.equal(await page.locator(".module").count(), 5000);
    const all = await shown();
    await timed("filter", () => type("module_42"));
    assert.ok((await shown()) < all);
    await timed("filter again", () => type("module_423"));
    await timed("show all", () => type(""));
    assert.equal(await shown(), all);
    await timed("sort", sort);
    for (const [what, most] of Object.entries(MOST)) {
      assert.ok(took[what] < most, `${what} kept the page busy for ${Math.round(took[what])} ms`);
    }
    await close(opened);
  });
}
