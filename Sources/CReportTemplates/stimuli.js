"use strict";
// Every stimulus with its own map, a large panel for a chosen one, and mean maps of groups, all drawn from the page's numbers.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const atlas = data.atlas;
  const gallery = document.getElementById("gallery"), panel = document.getElementById("panel");
  const controls = document.getElementById("stimulus-controls");
  const PAGE = 64, STEPS = 10, SVG = document.querySelector("svg").namespaceURI;
  const state = { layer: atlas.first, stimulus: 0, page: 0, filter: "all" };

  // MARK: Numbers

  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

  function unpacked({ limit, text }) {
    const raw = bytes(text), view = new DataView(raw.buffer);
    return Float32Array.from({ length: raw.length / 2 }, (_, i) => view.getInt16(2 * i, true) / 32767 * limit);
  }

  // A layer's text becomes numbers when it is first looked at.
  const decoded = new Map();
  function numbers(number) {
    if (!decoded.has(number)) {
      const layer = atlas.layers[number], width = Math.ceil(layer.regions / 8);
      const flag = (raw) => (stimulus, region) => raw[stimulus * width + (region >> 3)] >> (region & 7) & 1;
      decoded.set(number, {
        zeta: unpacked(layer.zeta), half: unpacked(layer.half), groups: unpacked(layer.groups),
        isSignificant: flag(bytes(layer.significant)), isCritical: flag(bytes(layer.critical)),
      });
    }
    return decoded.get(number);
  }

  const row = (values, number, layer) => values.subarray(number * layer.regions, (number + 1) * layer.regions);
  const text = (value) => String(Number(value.toPrecision(3))).replace("-", "−");

  function name(layer, region) {
    if (layer.labels) return layer.labels[region];
    if (layer.channels) return `channel ${region}`;
    const [, columns, channels] = layer.grid, place = Math.floor(region / channels);
    return `grid_${Math.floor(place / columns)}_${place % columns}_${region % channels}`;
  }

  // Regions that lie at one place of the drawing are added up.
  const placeOf = (layer, region) => layer.kind === "slices" ? Math.floor(region / layer.panels) : region;

  function places(layer, values) {
    const sums = new Float64Array(layer.rows * layer.columns);
    values.forEach((value, region) => { sums[placeOf(layer, region)] += value; });
    return sums;
  }

  function limitOf(layer, all, count) {
    let most = 0;
    for (let i = 0; i < count; i++) for (const value of places(layer, row(all, i, layer))) most = Math.max(most, Math.abs(value));
    return most;
  }
  const limits = new Map();
  function limit(number, kind) {
    const key = `${kind}${number}`, layer = atlas.layers[number];
    if (!limits.has(key)) {
      limits.set(key, kind === "groups"
        ? limitOf(layer, numbers(number).groups, atlas.groups.length) : limitOf(layer, numbers(number).zeta, atlas.stimuli.length));
    }
    return limits.get(key);
  }

  // MARK: Drawing

  function element(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) {
      if (value === undefined) continue;
      if (key in node) node[key] = value; else node.setAttribute(key, value);
    }
    node.append(...children);
    return node;
  }

  function drawn(tag, attributes) {
    const node = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  }

  // Pictures lie under maps of places alone; where regions are channels, which have no place, a picture stands by itself.
  const hasPicture = (layer) => atlas.width > 0 && (layer === null || layer.kind === "slices" || layer.channels);

  function picture(stimulus, layer, label, isGrey) {
    const [width, height] = atlas.width > 0 ? [atlas.width, atlas.height] : [10 * layer.columns, 10 * layer.rows];
    const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    if (stimulus !== null && hasPicture(layer)) {
      svg.append(drawn("use", { href: `#stimulus-${stimulus}`, ...(isGrey ? { class: "grey" } : {}) }));
    } else {
      svg.append(drawn("path", { class: "blank", d: `M0 0h${width}v${height}h-${width}z` }));
    }
    return [svg, width, height];
  }

  // values: by place; outlined: by place, whether it is.
  function overlay(layer, values, most, outlined, [svg, width, height]) {
    const group = drawn("g", { transform: `scale(${width / layer.columns} ${height / layer.rows})` });
    const paths = new Map();
    values.forEach((value, place) => {
      const step = most > 0 ? Math.round(value / most * STEPS) : 0;
      if (step === 0) return;
      paths.set(step, `${paths.get(step) ?? ""}M${place % layer.columns} ${Math.floor(place / layer.columns)}h1v1h-1z`);
    });
    for (const [step, path] of paths) {
      group.append(drawn("path", {
        class: step > 0 ? "positive" : "negative", "fill-opacity": 0.8 * Math.abs(step) / STEPS, d: path,
      }));
    }
    if (outlined) {
      let path = "";
      const inside = (r, c) => r >= 0 && c >= 0 && r < layer.rows && c < layer.columns && outlined[r * layer.columns + c];
      for (let r = 0; r < layer.rows; r++) {
        for (let c = 0; c < layer.columns; c++) {
          if (!inside(r, c)) continue;
          if (!inside(r - 1, c)) path += `M${c} ${r}h1`;
          if (!inside(r + 1, c)) path += `M${c} ${r + 1}h1`;
          if (!inside(r, c - 1)) path += `M${c} ${r}v1`;
          if (!inside(r, c + 1)) path += `M${c + 1} ${r}v1`;
        }
      }
      group.append(drawn("path", { class: "outline", d: path }));
    }
    svg.append(group);
    return svg;
  }

  function outlined(layer, number, stimulus) {
    const flags = new Uint8Array(layer.rows * layer.columns), { isSignificant } = numbers(number);
    for (let region = 0; region < layer.regions; region++) {
      if (isSignificant(stimulus, region)) flags[placeOf(layer, region)] = 1;
    }
    return flags;
  }

  const isTrusted = (layer, stimulus) => !layer.skipped[stimulus]
    && (layer.reliability[stimulus] === null || layer.reliability[stimulus] >= atlas.least);

  function describe(stimulus) {
    const { place, label, answer, wrong } = atlas.stimuli[stimulus];
    const parts = [`stimulus ${place}`];
    if (label !== null) parts.push(`label ${label}`);
    if (answer !== null) parts.push(`answer ${answer}${wrong ? ", wrong" : ""}`);
    return parts.join(", ");
  }

  function map(number, stimulus, label) {
    const layer = atlas.layers[number], trusted = isTrusted(layer, stimulus);
    const base = picture(stimulus, layer, label, trusted && !layer.channels);
    if (!trusted || layer.channels) return base[0];
    return overlay(
      layer, places(layer, row(numbers(number).zeta, stimulus, layer)), limit(number, "zeta"), outlined(layer, number, stimulus),
      base);
  }

  // MARK: The gallery

  const filters = { all: () => true, wrong: (s) => s.wrong === true, correct: (s) => s.wrong === false };
  const shown = () => atlas.stimuli.map((_, i) => i).filter((i) => (filters[state.filter]
    ?? ((s) => s.answer === state.filter.slice(7)))(atlas.stimuli[i]));

  function showGallery() {
    const chosen = shown(), pages = Math.max(1, Math.ceil(chosen.length / PAGE));
    state.page = Math.min(state.page, pages - 1);
    gallery.replaceChildren(...chosen.slice(state.page * PAGE, (state.page + 1) * PAGE).map((stimulus) => {
      const about = atlas.stimuli[stimulus], trusted = isTrusted(atlas.layers[state.layer], stimulus);
      const button = element("button", {
        type: "button", title: describe(stimulus) + (trusted ? "" : ", map not reliable"), "aria-label": describe(stimulus),
        "aria-pressed": String(stimulus === state.stimulus), "data-stimulus": stimulus,
      }, map(state.layer, stimulus, `ζ over ${describe(stimulus)}`));
      const caption = about.answer ?? `stimulus ${about.place}`;
      button.append(element("span", { className: about.wrong ? "wrong" : "" }, trusted ? caption : `${caption} ?`));
      return button;
    }));
    const pager = document.getElementById("pager");
    pager.hidden = pages === 1;
    pager.querySelector("span").textContent = `page ${state.page + 1} of ${pages}`;
  }

  function choose(stimulus) {
    state.stimulus = stimulus;
    for (const button of gallery.children) button.ariaPressed = String(Number(button.dataset.stimulus) === stimulus);
    showPanel();
  }

  // MARK: The panel

  function ranks(zeta, half) {
    return zeta.map((_, i) => {
      let [best, worst] = [1, zeta.length];
      for (let j = 0; j < zeta.length; j++) {
        if (zeta[j] - half[j] > zeta[i] + half[i]) best++;
        if (zeta[j] + half[j] < zeta[i] - half[i]) worst--;
      }
      return [best, worst];
    });
  }

  function ranking(number, stimulus) {
    const layer = atlas.layers[number], all = numbers(number);
    const zeta = Array.from(row(all.zeta, stimulus, layer)), half = Array.from(row(all.half, stimulus, layer));
    const order = zeta.map((_, i) => i).sort((a, b) => zeta[b] - zeta[a]);
    const negative = order.slice(-3).filter((i) => zeta[i] < 0 && !order.slice(0, 10).includes(i));
    const list = [...order.slice(0, 10), ...negative];
    const low = Math.min(0, ...list.map((i) => zeta[i] - half[i])), high = Math.max(0, ...list.map((i) => zeta[i] + half[i]));
    const x = (value) => high > low ? 4 + 192 * (value - low) / (high - low) : 4;
    const allowed = layer.regions <= 4096 ? ranks(zeta, half) : null;
    const table = element("table", { className: "ranking" });
    const head = table.createTHead().insertRow();
    for (const title of ["Region", `ζ, ${data.unit}`, "", "Ranks"]) {
      head.append(element("th", { className: { Region: "", "": "interval" }[title] ?? "number" }, title));
    }
    for (const region of list) {
      const line = table.insertRow();
      if (all.isCritical(stimulus, region)) line.className = "critical";
      line.insertCell().className = "name";
      line.cells[0].append(name(layer, region) + (all.isSignificant(stimulus, region) ? " ●" : ""));
      line.append(element("td", { className: "number" }, text(zeta[region])));
      const bar = drawn("svg", { viewBox: "0 0 200 12", preserveAspectRatio: "none", "aria-hidden": "true" });
      const [a, b] = [x(zeta[region] - half[region]), x(zeta[region] + half[region])];
      bar.append(
        drawn("path", { class: "axis", d: `M${x(0)} 0v12` }),
        drawn("path", { class: zeta[region] < 0 ? "negative bar" : "positive bar", d: `M${x(0)} 3H${x(zeta[region])}v6H${x(0)}z` }),
        drawn("path", { class: "interval", d: `M${a} 6H${b}M${a} 3v6M${b} 3v6` }));
      line.append(element("td", { className: "interval" }, bar));
      line.append(element("td", { className: "number" }, allowed ? [...new Set(allowed[region])].join("–") : ""));
    }
    return table;
  }

  const kinds = {
    none: () => "nothing", all: () => "everything", random: (n) => `${n} at random`,
    strongest: (n) => n === 1 ? "its strongest" : `its strongest ${n}`, most_negative: (n) => `its most negative ${n}`,
    strongest_mean: (n) => `the mean map's ${n}`,
  };

  function answers(number, stimulus) {
    const trials = atlas.layers[number].trials, own = trials?.answers[stimulus] ?? [];
    if (own.length === 0) {
      return element("p", { className: "note" }, atlas.hasTrials
        ? "This series was skipped." : "What the network answers with regions lesioned wasn't measured in this scan.");
    }
    const table = element("table", {});
    const head = table.createTHead().insertRow();
    for (const title of ["Lesioned", "Answer", "p", `v, ${data.unit}`]) {
      head.append(element("th", { className: title === "p" || title.startsWith("v") ? "number" : "" }, title));
    }
    own.forEach(([answer, probability, value], trial) => {
      const [kind, count] = trials.kinds[trial];
      // The mean over one stimulus is its own map.
      if (kind === "strongest_mean" && atlas.stimuli.length === 1) return;
      const line = table.insertRow();
      if (answer !== own[0][0]) line.className = "changed";
      line.insertCell().append(kinds[kind](count));
      line.insertCell().append(answer);
      line.append(
        element("td", { className: "number" }, probability.toFixed(2)), element("td", { className: "number" }, text(value)));
    });
    return table;
  }

  function showPanel() {
    const { layer: number, stimulus } = state, layer = atlas.layers[number];
    const figures = element("div", { className: "pair" });
    if (hasPicture(layer)) figures.append(picture(stimulus, null, describe(stimulus), false)[0]);
    if (!layer.channels || !hasPicture(layer)) {
      const large = map(number, stimulus, `ζ of ${layer.name} over ${describe(stimulus)}`);
      large.classList.add("large");
      figures.append(large);
    }
    const reliability = layer.reliability[stimulus];
    const trusted = isTrusted(layer, stimulus);
    const note = layer.skipped[stimulus] ? "This series was skipped: its values are not finite."
      : trusted ? (reliability === null ? "" : `Reliability of this map ${reliability.toFixed(2)}. `)
        : `Reliability ${reliability.toFixed(2)}: this map is mostly noise, so it isn't shown as an answer. `
          + "Scan with --per-stimulus 0.9 for maps that can be trusted.";
    const most = `Full colour is ±${text(limit(number, "zeta"))} ${data.unit}. ● significant by itself, bold: critical.`;
    panel.replaceChildren(
      element("h3", {}, `${describe(stimulus)}; `, element("span", { title: layer.tensor }, layer.name)), figures,
      element("p", { className: "note" }, note + (trusted ? most : "")));
    if (trusted) panel.append(ranking(number, stimulus));
    panel.append(element("h3", {}, "What it answers with regions lesioned"), answers(number, stimulus));
  }

  // MARK: Groups

  function showGroups() {
    const holder = document.getElementById("group-maps");
    if (!holder) return;
    const layer = atlas.layers[state.layer], titles = { predicted: "By answer", labels: "By label", correct: "By correctness" };
    holder.replaceChildren();
    for (const division of ["predicted", "labels", "correct"]) {
      const groups = atlas.groups.map((group, i) => [group, i]).filter(([group]) => group.division === division);
      if (groups.length === 0) continue;
      holder.append(element("h3", {}, titles[division]));
      const strip = element("div", { className: "strip" });
      for (const [group, i] of groups) {
        const values = places(layer, row(numbers(state.layer).groups, i, layer));
        const svg = drawn("svg", {
          viewBox: `0 0 ${10 * layer.columns} ${10 * layer.rows}`, preserveAspectRatio: "none", role: "img", "aria-label": `Mean ζ of ${layer.name}, ${group.name}`,
        });
        svg.append(drawn("path", { class: "blank", d: `M0 0h${10 * layer.columns}v${10 * layer.rows}h-${10 * layer.columns}z` }));
        overlay(layer, values, limit(state.layer, "groups"), null, [svg, 10 * layer.columns, 10 * layer.rows]);
        strip.append(element("figure", {}, svg, element("figcaption", {}, `${group.name} (${group.count})`)));
      }
      holder.append(strip);
    }
    holder.append(element("p", { className: "note" },
      `${layer.name}; full colour is ±${text(limit(state.layer, "groups"))} ${data.unit}; in brackets how many stimuli.`));
  }

  // MARK: Controls

  function select(label, options, value, change) {
    const list = element("select", {});
    for (const [key, title] of options) list.append(element("option", { value: key, selected: key === value }, title));
    list.addEventListener("change", () => change(list.value));
    return element("label", {}, `${label} `, list);
  }

  function begin() {
    const layers = atlas.layers.map((layer, i) => [String(i), `layer_${layer.number} ${layer.name}`]);
    controls.append(select("Layer", layers, String(state.layer), (value) => {
      state.layer = Number(value);
      showGallery();
      showPanel();
      showGroups();
    }));
    const classes = [...new Set(atlas.stimuli.map((s) => s.answer))].filter((name) => name !== null).sort();
    const options = [["all", "all"], ...(atlas.stimuli.some((s) => s.wrong !== null) ? [["wrong", "wrong"], ["correct", "correct"]] : []),
      ...classes.map((name) => [`answer:${name}`, `answer ${name}`])];
    if (options.length > 2) {
      controls.append(select("Show", options, "all", (value) => {
        state.filter = value;
        state.page = 0;
        showGallery();
      }));
    }
    const pager = element("span", { id: "pager" }, element("button", { type: "button" }, "‹"), element("span", {}),
      element("button", { type: "button" }, "›"));
    const turn = (by) => () => {
      state.page = Math.max(0, state.page + by);
      showGallery();
    };
    pager.firstChild.addEventListener("click", turn(-1));
    pager.lastChild.addEventListener("click", turn(1));
    controls.append(pager);
    gallery.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) choose(Number(button.dataset.stimulus));
    });
    gallery.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key], buttons = [...gallery.children];
      const next = buttons[buttons.indexOf(document.activeElement) + step];
      if (!step || !next) return;
      event.preventDefault();
      next.focus();
      choose(Number(next.dataset.stimulus));
    });
    showGallery();
    showPanel();
    showGroups();
  }

  // Numbers under the pointer, of the large map.
  function tell(event) {
    const svg = event.target.closest?.("#panel svg.large");
    if (!svg) return;
    const layer = atlas.layers[state.layer], box = svg.getBoundingClientRect();
    const r = Math.floor((event.clientY - box.top) / box.height * layer.rows);
    const c = Math.floor((event.clientX - box.left) / box.width * layer.columns);
    const value = places(layer, row(numbers(state.layer).zeta, state.stimulus, layer))[r * layer.columns + c];
    if (value !== undefined) svg.dataset.tip = `row ${r}, column ${c}\nζ ${text(value)} ${data.unit}`;
  }
  document.addEventListener("pointermove", tell, true);
  document.addEventListener("click", tell, true);

  document.querySelector(".atlas").classList.toggle("single", atlas.stimuli.length === 1);
  if (atlas.layers.length > 0 && atlas.stimuli.length > 0) begin();
})();
