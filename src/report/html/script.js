// Filters, sorts and opens what stands in the page already. Nothing of it is needed to read the page, and names are only
// ever read and compared: no text becomes markup here.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  // Sorting: every heading of a sortable table becomes a button.
  const sortBy = (table, heading) => {
    const column = heading.cellIndex;
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    const cell = (row) => row.cells[column];
    const ranked = rows.length > 0 && cell(rows[0]).dataset.rank !== undefined;
    const before = heading.getAttribute("aria-sort");
    // Of figures the greatest is looked for first: the worst verdict, the most modules.
    const descending = before === null ? ranked : before === "ascending";
    const key = ranked ? (row) => Number(cell(row).dataset.rank) : (row) => cell(row).textContent;
    const keyed = rows.map((row) => [key(row), row]);
    const compare = ranked ? (one, other) => one - other : collator.compare;
    keyed.sort(([one], [other]) => (descending ? compare(other, one) : compare(one, other)));
    for (const other of heading.parentElement.cells) {
      other.removeAttribute("aria-sort");
    }
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const sorted = document.createDocumentFragment();
    keyed.forEach(([, row]) => sorted.append(row));
    body.append(sorted);
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    for (const heading of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sortBy(table, heading));
      heading.append(button);
    }
  }

  // Filtering: rows of the table, and with each row what stands under it further down.
  const filter = byId("filter");
  const fields = ["text", "verdict", "target"].map(byId).filter((field) => field !== null);
  const rows = filter === null ? [] : Array.from(byId("table").tBodies[0].rows);
  const setHidden = (element, hidden) => {
    if (element.hidden !== hidden) {
      element.hidden = hidden;
    }
  };
  const lowered = (element) => element.textContent.toLowerCase();
  let entries = null;
  // Made when it is first needed: a page of thousands of modules is read before it is searched.
  const known = () => {
    entries ??= rows.map((row) => {
      const details = row.dataset.entry === undefined ? null : byId("d" + row.dataset.entry);
      const modules = details === null ? [] : Array.from(details.querySelectorAll(".module"));
      return {
        row,
        details,
        text: lowered(row),
        modules: modules.map((module) => ({ module, text: lowered(module.firstElementChild) })),
        cells: Array.from(row.querySelectorAll("[data-verdict]")),
      };
    });
    return entries;
  };
  const tell = (shown) => {
    byId("status").textContent = `${shown} of ${rows.length} shown`;
  };
  const apply = () => {
    const text = byId("text").value.trim().toLowerCase();
    const verdict = byId("verdict")?.value ?? "";
    const target = byId("target")?.value ?? "";
    let shown = 0;
    for (const { row, details, text: own, modules, cells } of known()) {
      const does = (cell) =>
        cell.dataset.verdict === verdict && (target === "" || cell.dataset.label === target);
      const fits = verdict === "" || cells.some(does);
      const named = own.includes(text);
      let matching = 0;
      for (const { module, text: its } of modules) {
        const matches = named || its.includes(text);
        setHidden(module, !matches);
        matching += matches ? 1 : 0;
      }
      const hidden = !fits || !(named || matching > 0);
      setHidden(row, hidden);
      if (details !== null) {
        setHidden(details, hidden);
      }
      shown += hidden ? 0 : 1;
    }
    tell(shown);
  };
  const showAll = () => {
    for (const field of fields) {
      field.value = "";
    }
    apply();
  };
  if (filter !== null) {
    let waiting = false;
    const soon = () => {
      if (!waiting) {
        waiting = true;
        requestAnimationFrame(() => {
          waiting = false;
          apply();
        });
      }
    };
    filter.hidden = false;
    filter.addEventListener("input", soon);
    byId("all").addEventListener("click", showAll);
    tell(rows.length);
    for (const tile of document.querySelectorAll("a[data-verdict]")) {
      tile.addEventListener("click", () => {
        byId("text").value = "";
        byId("verdict").value = tile.dataset.verdict;
        const target = byId("target");
        if (target !== null) {
          target.value = tile.dataset.target;
        }
        apply();
      });
    }
  }

  // What a link leads to is opened, also where a filter hides it.
  const open = () => {
    const found = byId(location.hash.slice(1));
    if (found === null) {
      return;
    }
    if (filter !== null && found.closest("[hidden]") !== null) {
      showAll();
    }
    if (found instanceof HTMLDetailsElement) {
      found.open = true;
    }
    found.scrollIntoView();
  };
  window.addEventListener("hashchange", open);
  if (location.hash !== "") {
    open();
  }
})();
