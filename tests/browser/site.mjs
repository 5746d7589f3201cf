// The dashboard in a browser, as its readers use it.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import test, { after, before } from "node:test";
import { fitsItsWidth, isAccessible, on, start, stop, texts } from "./browser.mjs";

before(start);
after(stop);

const PAGES = ["index.html", ...readdirSync(join(process.env.FTAUDIT_PAGES, "services")).map((name) => `services/${name}`)];
const SERVICES = "#table tbody th a";
const status = (page, text) => page.waitForFunction((text) => document.querySelector("#status").textContent === text, text);
const section = (page, heading) => page.getByRole("region", { name: heading });

test("it tells how ready services are, in figures and in words", async () => {
  await on("index.html", {}, async (page) => {
    const tiles = await section(page, "Ready for 3.14t").locator(".tile").allInnerTexts();
    assert.deepEqual(
      tiles.map((tile) => tile.replace(/\s+/g, " ").trim()),
      ["2 ● held back", "2 ? not known", "1 ✓ ready"],
    );
    const rows = await section(page, "Ready for 3.14t").locator("table tbody tr").allInnerTexts();
    // The newest day first: ready, not known, held back.
    assert.match(rows[0], /^2026-11-20\s+1\s+2\s+2$/);
    assert.match(rows.at(-1), /^2026-11-01\s+0\s+0\s+1$/);
    const picture = section(page, "Ready for 3.14t").getByRole("img", { name: /services are ready for 3\.14t/ });
    assert.deepEqual(await picture.locator("text").filter({ hasText: /ready|not known|held back/ }).allTextContents(), [
      "✓ 1 ready",
      "? 2 not known",
      "● 2 held back",
    ]);
    // Patterns tell areas apart without their colours.
    const fills = await picture.locator("polygon").evaluateAll((all) => all.map((one) => one.getAttribute("fill")));
    assert.equal(new Set(fills).size, 3);
  });
});

test("it tells what holds back most services, and which", async () => {
  await on("index.html", {}, async (page) => {
    const blockers = section(page, "What holds back most services on 3.14t");
    const rows = blockers.locator("tbody tr");
    assert.match((await rows.first().innerText()).replace(/\s+/g, " "), /^lxml 2 1 ● held back requires-gil 1\.0 2\.0$/);
    await rows.first().locator("summary").click();
    assert.deepEqual(await rows.first().locator("li a").allInnerTexts(), ["search", "shop/web"]);
    await blockers.getByRole("columnheader", { name: "Distribution" }).getByRole("button").click();
    const names = await rows.locator("th").allInnerTexts();
    assert.deepEqual(names.slice(1), ["hiredis", "lxml"]);
  });
});

test("services are filtered and sorted", async () => {
  await on("index.html", {}, async (page) => {
    await status(page, "5 of 5 shown");
    await page.getByLabel("Name").fill("shop");
    await status(page, "2 of 5 shown");
    await page.getByLabel("Name").fill("");
    await page.getByLabel("Is", { exact: true }).selectOption("held-back");
    await page.getByLabel("On", { exact: true }).selectOption("3.14t");
    await status(page, "2 of 5 shown");
    assert.deepEqual((await texts(page, SERVICES)).sort(), ["search", "shop/web"]);
    await section(page, "Ready for 3.14t").getByRole("link", { name: /ready/ }).click();
    await status(page, "1 of 5 shown");
    assert.deepEqual(await texts(page, SERVICES), ["payments"]);
    await page.getByRole("button", { name: "Show all" }).click();
    await status(page, "5 of 5 shown");
    await page.locator("#table").getByRole("columnheader", { name: "3.14t" }).getByRole("button").click();
    assert.equal((await texts(page, SERVICES)).at(-1), "payments");
  });
});

test("each service has a page, and the way back", async () => {
  await on("index.html", {}, async (page) => {
    await page.getByRole("link", { name: "payments" }).first().click();
    assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "payments");
    assert.match(await section(page, "What stands in the way").innerText(), /3\.15t/);
    const files = await section(page, "Reports").locator("tbody th").allInnerTexts();
    assert.deepEqual(files, ["payments/report.json", "payments/2026-11-08.json", "payments/2026-11-01.json"]);
    const days = await section(page, "Distributions on 3.14t").locator("table tbody tr").allInnerTexts();
    assert.match(days[0], /^2026-11-20\s+2\s+0\s+0$/);
    assert.match(days.at(-1), /^2026-11-01\s+0\s+0\s+2$/);
    await page.getByRole("link", { name: "All services" }).click();
    assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "Free-threading readiness");
  });
});

test("what was not read is said", async () => {
  await on("index.html", {}, async (page) => {
    assert.match(await page.locator("header .warning").innerText(), /5 could not be read/);
    assert.equal(await section(page, "Not read").getByRole("listitem").count(), 5);
  });
});

test("names are text, whatever they hold", async () => {
  for (const path of PAGES) {
    await on(path, {}, async (page) => {
      assert.equal(await page.locator("img, iframe, object, embed, link, base").count(), 0, path);
      assert.equal(await page.locator("script").count(), 1, path);
      assert.doesNotMatch(await page.content(), /[\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff\u001b]/u);
      for (const button of await page.locator("thead button").all()) {
        await button.click();
      }
    });
    await fitsItsWidth(path);
  }
  await on("index.html", {}, async (page) => {
    assert.match(await page.locator("#table").textContent(), /<img src=x onerror=pwned=1>\\u\{202e\}/);
  });
});

test("axe-core has nothing against it", async () => {
  for (const path of PAGES) {
    await isAccessible(path);
  }
});

test("it can be read without its script", async () => {
  await on("index.html", { scripts: false }, async (page) => {
    assert.equal(await page.locator("#filter").isVisible(), false);
    assert.equal((await texts(page, SERVICES)).length, 5);
    assert.equal(await page.locator("svg").first().isVisible(), true);
  });
});
