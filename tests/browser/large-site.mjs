// How long a browser takes for a dashboard of 300 services.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { close, open, start, stop } from "./browser.mjs";

before(start);
after(stop);

test("300 services are no burden", async (t) => {
  const opened = await open("index.html");
  const { loadEventEnd } = await opened.page.evaluate(() => performance.getEntriesByType("navigation")[0].toJSON());
  t.diagnostic(`open after ${Math.round(loadEventEnd)} ms`);
  assert.equal(await opened.page.locator("#table tbody tr").count(), 300);
  await opened.page.getByLabel("Name").fill("service-299");
  await opened.page.waitForFunction(() => document.querySelector("#status").textContent === "1 of 300 shown");
  await close(opened);
});
