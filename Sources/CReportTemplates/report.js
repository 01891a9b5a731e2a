"use strict";
// Numbers under the pointer, the same region in all maps of its layer, and the table of all regions. Nothing else of the
// page needs this script.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const tip = document.getElementById("tip");
  const CELL = 10, GAP = 6;

  // The numbers come by column; a region is easier to work with as a row.
  for (const layer of data.layers) {
    const names = Object.keys(layer.columns);
    layer.regions = layer.columns.zeta.map((_, region) =>
      Object.fromEntries(names.map((name) => [name, layer.columns[name][region]])));
  }

  const text = (value, unit = "") => value === null ? "n/a" : `${Number(value.toPrecision(4))}${unit}`;
  const probability = (value) => value < 0.0001 ? "< 0.0001" : value.toFixed(4);

  function name(layer, region) {
    if (layer.labels) return layer.labels[region];
    if (layer.channels) return `channel ${region}`;
    const [, columns, channels] = layer.grid;
    const place = Math.floor(region / channels);
    return `grid_${Math.floor(place / columns)}_${place % columns}_${region % channels}`;
  }

  function describe(layer, region) {
    const r = layer.regions[region];
    return [
      `${name(layer, region)}${r.critical ? ", critical" : ""}`,
      `${layer.scored ? "ζ score" : "ζ"} ${text(r.score, layer.unit)}`,
      `${data.confidence} % CI ${text(r.low)} … ${text(r.high, layer.unit)}`,
      `ζ ${text(r.zeta)} ${data.unit}`,
      `q ${probability(r.q)}, rank ${r.rank} (${r.rank_low}–${r.rank_high})`,
      `density ${text(r.density)}, mean |a| ${text(r.mean_abs)}`,
    ].join("\n");
  }

  const numberOf = (layer, panel, row, column) => layer.layout.kind === "slices"
    ? (row * layer.layout.columns + column) * layer.layout.panels + panel : row * layer.layout.columns + column;

  function regionAt(layer, x, y) {
    const { rows, columns, panels, panelsPerRow } = layer.layout;
    const width = columns * CELL + GAP, height = rows * CELL + GAP;
    const across = Math.floor(x / width), down = Math.floor(y / height);
    const column = Math.floor((x - across * width) / CELL), row = Math.floor((y - down * height) / CELL);
    const panel = down * panelsPerRow + across;
    if (x < 0 || y < 0 || across >= panelsPerRow || panel >= panels || column >= columns || row >= rows) return null;
    const region = numberOf(layer, panel, row, column);
    return region < layer.regions.length ? region : null;
  }

  function cornerOf(layer, region) {
    const { kind, rows, columns, panels, panelsPerRow } = layer.layout;
    const panel = kind === "slices" ? region % panels : 0;
    const place = kind === "slices" ? Math.floor(region / panels) : region;
    return [
      panel % panelsPerRow * (columns * CELL + GAP) + place % columns * CELL,
      Math.floor(panel / panelsPerRow) * (rows * CELL + GAP) + Math.floor(place / columns) * CELL,
    ];
  }

  function place(x, y) {
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(x + 14, document.documentElement.clientWidth - width - 4))}px`;
    tip.style.top = `${y + 18 + height > innerHeight ? Math.max(4, y - height - 12) : y + 18}px`;
  }

  function mark(number, region) {
    for (const cursor of document.querySelectorAll(".cursor")) {
      const isShown = region !== null && Number(cursor.ownerSVGElement.dataset.layer) === number;
      cursor.setAttribute("visibility", isShown ? "visible" : "hidden");
      if (!isShown) continue;
      const [x, y] = cornerOf(data.layers[number], region);
      cursor.setAttribute("x", x);
      cursor.setAttribute("y", y);
    }
  }

  function hide() {
    tip.hidden = true;
    mark(-1, null);
  }

  function point(svg, event) {
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  }

  function show(event) {
    const named = event.target.closest?.("[data-tip]");
    if (named) {
      tip.textContent = named.dataset.tip;
      return place(event.clientX, event.clientY);
    }
    const svg = event.target.closest?.("svg.map");
    if (!svg) return hide();
    const { x, y } = point(svg, event);
    const number = Number(svg.dataset.layer), region = regionAt(data.layers[number], x, y);
    if (region === null) return hide();
    svg.dataset.region = region;
    mark(number, region);
    tip.textContent = describe(data.layers[number], region);
    place(event.clientX, event.clientY);
  }

  document.addEventListener("pointermove", (event) => { if (event.pointerType === "mouse") show(event); });
  document.addEventListener("click", show);
  document.addEventListener("scroll", hide, { passive: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return hide();
    const svg = event.target.closest?.("svg.map");
    const step = { ArrowLeft: [-CELL, 0], ArrowRight: [CELL, 0], ArrowUp: [0, -CELL], ArrowDown: [0, CELL] }[event.key];
    if (!svg || !step) return;
    event.preventDefault();
    const number = Number(svg.dataset.layer), layer = data.layers[number];
    const from = Number(svg.dataset.region ?? 0);
    const [x, y] = cornerOf(layer, from);
    // A step across the gap between two panels is a little longer.
    const region = regionAt(layer, x + 5 + step[0], y + 5 + step[1])
      ?? regionAt(layer, x + 5 + Math.sign(step[0]) * (CELL + GAP), y + 5 + Math.sign(step[1]) * (CELL + GAP)) ?? from;
    svg.dataset.region = region;
    mark(number, region);
    tip.textContent = describe(layer, region);
    const box = svg.getBoundingClientRect();
    place(box.left + 20, box.bottom - 20);
  });

  for (const details of document.querySelectorAll("details[data-table]")) {
    details.addEventListener("toggle", () => {
      const holder = details.querySelector(".scroll");
      if (!details.open || holder.childElementCount) return;
      const layer = data.layers[details.dataset.table];
      const columns = ["score", "low", "high", "zeta", "q", "rank", "rank_low", "rank_high", "density", "mean_abs", "variance"];
      const table = document.createElement("table");
      const head = table.createTHead().insertRow();
      for (const title of ["region", ...columns, "critical"]) {
        head.append(Object.assign(document.createElement("th"), { textContent: title, className: "number" }));
      }
      const body = table.createTBody();
      layer.regions.forEach((r, region) => {
        const row = body.insertRow();
        const fields = [name(layer, region), ...columns.map((c) => text(r[c])), r.critical ? "●" : ""];
        for (const field of fields) Object.assign(row.insertCell(), { textContent: field, className: "number" });
      });
      holder.append(table);
    });
  }
  // A link to a table opens it.
  addEventListener("click", (event) => {
    const target = event.target.closest?.('a[href$="-table"]')?.hash;
    if (target) document.querySelector(target).open = true;
  });
})();
