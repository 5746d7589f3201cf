// The HTML report in a browser, as its readers use it.

import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import { fitsItsWidth, isAccessible, on, start, stop, texts } from "./browser.mjs";

before(start);
after(stop);

const NAMES = "#table tbody th a";
const ENTRIES = "article h3 .name";
const status = (page) => page.locator("#status").innerText();

test("it shows what it has before anything is done", async () => {
  await on("report.html", {}, async (page) => {
    assert.match(await page.title(), /audit/);
    assert.equal((await texts(page, NAMES)).length, 7);
    assert.equal(await status(page), "7 of 7 shown");
    assert.deepEqual(await texts(page, ENTRIES), await texts(page, NAMES));
  });
});

test("it is filtered by what is typed: names, modules and reasons", async () => {
  await on("report.html", {}, async (page) => {
    await page.getByLabel("Name, module or reason").fill("NUMPY");
    await page.waitForFunction(() => document.querySelector("#status").textContent.startsWith("1 of 7"));
    assert.deepEqual(await texts(page, NAMES), ["numpy 1.0"]);
    assert.deepEqual(await texts(page, ENTRIES), ["numpy 1.0"]);
    assert.equal(await page.locator("#d1 .module, article:not([hidden]) .module").filter({ visible: true }).count(), 2);
    // A module alone keeps its distribution, and hides its siblings.
    await page.getByLabel("Name, module or reason").fill("lxml.html.diff");
    await page.waitForFunction(() => document.querySelector("#table tbody tr:not([hidden])")?.innerText.includes("lxml"));
    assert.deepEqual(await texts(page, NAMES), ["lxml 1.0"]);
    assert.deepEqual(await texts(page, ".module .name"), ["lxml.html.diff"]);
    await page.getByLabel("Name, module or reason").fill("unknown value");
    await page.waitForFunction(() => document.querySelector("#table tbody tr:not([hidden])")?.innerText.includes("vector"));
    assert.deepEqual(await texts(page, NAMES), ["vector 1.0"]);
    await page.getByLabel("Name, module or reason").fill("there is nothing of this name");
    await page.waitForFunction(() => document.querySelector("#status").textContent === "0 of 7 shown");
    await page.getByRole("button", { name: "Show all" }).click();
    await page.waitForFunction(() => document.querySelector("#status").textContent === "7 of 7 shown");
    assert.equal(await page.locator(".module[hidden]").count(), 0);
  });
});

test("it explains each rule that found something, and no other", async () => {
  await on("report.html", {}, async (page) => {
    const targets = (links) => links.map((link) => link.hash.slice(1));
    const named = new Set(await page.locator(".found a").evaluateAll(targets));
    const explained = await page.locator("article[id^=rule-]").evaluateAll((all) => all.map((one) => one.id));
    assert.deepEqual(explained.toSorted(), [...named].toSorted());
    assert.ok(named.has("rule-mislabelled-binary"), [...named].join());
    assert.match(await page.locator("#rule-mislabelled-binary").innerText(), /mislabelled-binary: The file name or .*\n.+/s);
  });
});

test("it is filtered by verdict, also by its tiles", async () => {
  await on("report.html", {}, async (page) => {
    await page.getByLabel("What it does").selectOption("requires-gil");
    await page.waitForFunction(() => document.querySelector("#status").textContent === "1 of 7 shown");
    assert.deepEqual(await texts(page, NAMES), ["lxml 1.0"]);
    await page.getByRole("link", { name: /do not load/ }).click();
    assert.equal(await status(page), "3 of 7 shown");
    assert.equal(await page.getByLabel("What it does").inputValue(), "incompatible-abi");
    for (const row of await texts(page, "#table tbody tr")) {
      assert.match(row, /cannot be installed|does not load/);
    }
  });
});

test("a verdict is looked for on one target, where there are several", async () => {
  await on("targets.html", {}, async (page) => {
    await page.getByLabel("What it does").selectOption("gil-free");
    await page.getByLabel("On", { exact: true }).selectOption("3.15t");
    await page.waitForFunction(() => document.querySelector("#status").textContent === "1 of 3 shown");
    assert.deepEqual(await texts(page, NAMES), ["new 1.0"]);
    await page.getByLabel("On", { exact: true }).selectOption("");
    await page.waitForFunction(() => document.querySelector("#status").textContent === "2 of 3 shown");
  });
});

test("it is sorted by any column, in both directions", async () => {
  await on("report.html", {}, async (page) => {
    const given = await texts(page, NAMES);
    const head = (name) => page.getByRole("columnheader", { name });
    await head("Distribution").getByRole("button").click();
    const sorted = await texts(page, NAMES);
    assert.deepEqual(sorted, [...given].sort((one, other) => one.localeCompare(other, "en", { numeric: true })));
    assert.equal(await head("Distribution").getAttribute("aria-sort"), "ascending");
    await head("Distribution").getByRole("button").click();
    assert.deepEqual(await texts(page, NAMES), sorted.reverse());
    assert.equal(await head("Distribution").getAttribute("aria-sort"), "descending");
    // The worst verdict first, then the best.
    await head("3.14t").getByRole("button").click();
    const ranks = () => page.$$eval("#table tbody td[data-verdict]", (cells) => cells.map((cell) => +cell.dataset.rank));
    assert.deepEqual(await ranks(), (await ranks()).sort((one, other) => other - one));
    assert.equal(await head("Distribution").getAttribute("aria-sort"), null);
    await head("3.14t").getByRole("button").click();
    assert.deepEqual(await ranks(), (await ranks()).sort((one, other) => one - other));
    await head("Modules").getByRole("button").click();
    assert.equal((await texts(page, NAMES))[0], "lxml 1.0");
  });
});

test("everything is reached and done with the keyboard, and seen to be", async () => {
  await on("report.html", {}, async (page) => {
    const focused = () => page.evaluate(() => document.activeElement.innerText || document.activeElement.id);
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to the content");
    assert.ok((await page.locator(".skip").boundingBox()).y >= 0, "the link is seen once it has the focus");
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "main");
    const until = async (wanted) => {
      for (let steps = 0; steps < 60; steps += 1) {
        await page.keyboard.press("Tab");
        if (await page.evaluate((selector) => document.activeElement.matches(selector), wanted)) {
          const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
          assert.notEqual(outline, "none", `${wanted} does not show that it has the focus`);
          return;
        }
      }
      assert.fail(`${wanted} is not reached with the keyboard`);
    };
    await until("#text");
    await page.keyboard.type("lxml");
    await page.waitForFunction(() => document.querySelector("#status").textContent === "1 of 7 shown");
    await page.keyboard.press("Enter");
    await until("#all");
    await page.keyboard.press("Space");
    await page.waitForFunction(() => document.querySelector("#status").textContent === "7 of 7 shown");
    await until("thead button");
    await page.keyboard.press("Enter");
    assert.equal(await page.locator("thead th").first().getAttribute("aria-sort"), "ascending");
    await until(".module summary");
    const open = () => page.evaluate(() => document.activeElement.parentElement.open);
    assert.equal(await open(), false);
    await page.keyboard.press("Enter");
    assert.equal(await open(), true);
  });
});

test("a link opens what it leads to, also where a filter hides it", async () => {
  await on("report.html", {}, async (page) => {
    await page.getByLabel("Name, module or reason").fill("idna");
    await page.waitForFunction(() => document.querySelector("#status").textContent === "1 of 7 shown");
    await page.locator("#comparison ~ ul.told a").filter({ visible: true }).first().click();
    await page.waitForFunction(() => document.querySelector(".module:target")?.open);
    assert.equal(await status(page), "7 of 7 shown");
    const box = await page.locator(".module:target").boundingBox();
    assert.ok(box.y >= 0 && box.y < 900, "it is scrolled to");
  });
});

test("what screen readers are told", async () => {
  await on("report.html", {}, async (page) => {
    const lxml = page.getByRole("row", { name: /lxml 1\.0/ });
    assert.match(await lxml.getByRole("cell").first().innerText(), /turns the GIL on/);
    assert.equal(await page.getByRole("table", { name: /Distributions/ }).count(), 1);
    assert.equal(await page.getByRole("rowheader", { name: "lxml 1.0" }).count(), 1);
    for (const landmark of ["banner", "navigation", "main", "search", "contentinfo"]) {
      assert.equal(await page.getByRole(landmark).count(), 1, landmark);
    }
    assert.equal(await page.locator("#status").getAttribute("role"), "status");
    // Lists in lists, with what stands in the way at their ends.
    const app = page.getByRole("listitem").filter({ hasText: /^app/ }).first();
    assert.match(await app.getByRole("listitem").first().innerText(), /lxml 1\.0 .*turns the GIL on/);
  });
});

test("no meaning hangs on a colour, and what is not known never looks like what is fine", async () => {
  await on("report.html", {}, async (page) => {
    const badges = await page.$$eval(".badge", (badges) =>
      badges.map((badge) => {
        const { borderStyle, color } = getComputedStyle(badge);
        return { id: badge.classList[1], words: badge.textContent.trim(), borderStyle, color };
      }),
    );
    const ids = new Set(badges.map(({ id }) => id));
    for (const id of ["undetermined", "gil-free", "requires-gil", "incompatible-abi", "unconfirmed", "contradicted"]) {
      assert.ok(ids.has(id), `there is no ${id}`);
    }
    const [fine, unknown] = [["gil-free", "confirmed", "settled"], ["undetermined", "source-only", "unconfirmed"]];
    for (const { id, words, borderStyle } of badges) {
      assert.match(words, /^\S+ \S/u, `${id} is a sign and words`);
      assert.equal(words.startsWith("✓"), fine.includes(id), `${id}: ${words}`);
      assert.equal(words.startsWith("?"), unknown.includes(id), `${id}: ${words}`);
      assert.equal(borderStyle === "dashed", unknown.includes(id), `${id} has a line that is ${borderStyle}`);
    }
    assert.match(await page.locator("header .warning").innerText(), /not complete: 1 thing was not read/);
  });
});

test("names are text, whatever they hold", async () => {
  for (const path of ["hostile.html", "audited.html"]) {
    await on(path, {}, async (page) => {
      const elements = await page.$$eval("img, svg, iframe, object, embed, link, base", (found) => found.length);
      assert.equal(elements, 0, `${path}: a name became an element`);
      assert.equal(await page.locator("script").count(), 1, path);
      assert.equal(await page.locator("style").count(), 1, path);
      const attributes = await page.$$eval("*", (all) =>
        all.flatMap((one) => one.getAttributeNames()).filter((name) => name.startsWith("on") || name === "style"),
      );
      assert.deepEqual(attributes, [], path);
      const text = await page.locator("body").textContent();
      assert.ok(text.includes("<img src=x onerror=pwned=1>"), `${path}: the name is shown as it is`);
      assert.ok(text.includes("\\u{202e}"), `${path}: what reorders text is spelt out`);
      // Of the characters that reorder or hide others none is left in the page.
      assert.doesNotMatch(await page.content(), /[\u202a-\u202e\u2066-\u2069\u200b-\u200f\ufeff\u001b]/u);
      // Searching and sorting read names again.
      for (const [typed, wanted] of [["no such name", /^0 of/], ["<img", /^(?!0)/]]) {
        await page.getByLabel("Name, module or reason").fill(typed);
        await page.waitForFunction((told) => told.test(document.querySelector("#status").textContent), wanted);
      }
      assert.ok((await texts(page, NAMES)).length > 0);
      for (const button of await page.locator("thead button").filter({ visible: true }).all()) {
        await button.click();
      }
    });
    await fitsItsWidth(path);
  }
});

test("it fits every width", () => fitsItsWidth("report.html"));

test("axe-core has nothing against it", async () => {
  for (const path of ["report.html", "hostile.html", "targets.html", "fine.html"]) {
    await isAccessible(path);
  }
});

test("it can be read without its script", async () => {
  await on("report.html", { scripts: false }, async (page) => {
    assert.equal(await page.locator("#filter").isVisible(), false);
    assert.equal(await page.locator("thead button").count(), 0);
    assert.equal((await texts(page, NAMES)).length, 7);
    const module = page.locator(".module").filter({ hasText: "lxml.etree" });
    assert.equal(await module.locator("dl").isVisible(), false);
    // By the keyboard: a click is aimed at a place, and the entries above may be laid out anew before it gets there.
    await module.locator("summary").focus();
    await page.keyboard.press("Enter");
    assert.match(await module.locator("dl").innerText(), /Py_mod_gil \(slot 4\) = 0/);
  });
});

test("on paper what is not fine shows its evidence, and controls are gone", async () => {
  await on("report.html", {}, async (page) => {
    await page.emulateMedia({ media: "print" });
    for (const gone of ["nav", "#filter", "footer"]) {
      assert.equal(await page.locator(gone).isVisible(), false, gone);
    }
    const seen = (text) =>
      page.locator(".module").filter({ hasText: text }).first().locator("dl").evaluate((list) =>
        list.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }),
      );
    assert.equal(await seen("lxml.etree"), true);
    assert.equal(await seen("numpy.fft"), false);
    assert.ok((await page.pdf({ format: "A4" })).length > 10_000);
  });
});
