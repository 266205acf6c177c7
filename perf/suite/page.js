// SPDX-License-Identifier: GPL-3.0-or-later
// Shows runs of the performance suite: gates of the last run, then every figure over the runs.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const sections = document.getElementById("sections");
  const [PASS, FAIL, SKIP] = data.words;
  const classes = { [PASS]: "pass", [FAIL]: "fail", [SKIP]: "skipped" };
  const last = data.runs[data.runs.length - 1];

  // Text always goes in as text.
  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children.filter((child) => child !== null));
    return made;
  }

  const tidy = (value, digits = 3) => String(Number(value.toPrecision(digits)));
  const day = (run) => run.when.slice(5, 16).replace("T", " ");
  const name = (run) => [day(run), run.commit];

  // --- what was run and where ------------------------------------------------------------------
  function facts(pairs) {
    return element("dl", { class: "facts" }, ...pairs.map(([key, value]) => element("div", {},
      element("dt", {}, key), element("dd", {}, value))));
  }

  function summary() {
    const failed = data.gates.filter((gate) => gate.now && gate.verdict === FAIL).length;
    document.getElementById("summary").append(
      element("h1", {}, "Performance of Skymill on one machine"),
      element("p", { class: `verdict ${failed ? "fail" : "pass"}` }, failed
        ? `${failed} gate${failed > 1 ? "s" : ""} of the last run failed`
        : "All gates of the last run hold"),
      facts([["processor", `${last.cpu}, ${last.cores} cores`],
        ["caches", last.caches.join(", ")],
        ["memory", `${tidy(last.memory_bytes / 2 ** 30)} GiB`],
        ["instructions", last.instructions.join(" ")],
        ["kernel", last.kernel], ["compiler", last.compiler],
        ["build", `${last.build_type} ${last.flags}`.trim()],
        ["last run", `${day(last)} UTC, ${last.commit}, --${last.form}`],
        ["load before it", tidy(last.load_before)], ["runs", String(data.runs.length)]]));
  }

  // --- gates -----------------------------------------------------------------------------------
  function gateTable() {
    const gates = [FAIL, SKIP, PASS].flatMap((verdict) =>
      data.gates.filter((gate) => gate.now && gate.verdict === verdict));
    if (gates.length === 0) return;
    const heads = ["", "ratio", "bound", "figure", "why it must hold"];
    const rows = gates.map((gate) => element("tr", {},
      element("td", { class: `gate ${classes[gate.verdict]}` }, gate.verdict),
      element("td", { class: "number" }, gate.ratio === null ? "" : tidy(gate.ratio)),
      element("td", { class: "number" }, gate.at_most !== null ? `\u2264 ${gate.at_most}`
        : `\u2265 ${gate.at_least}`),
      element("td", {}, gate.figure + (gate.over ? ` / ${gate.over}` : "")),
      element("td", {}, gate.words || gate.why)));
    sections.append(element("section", {}, element("h2", {}, "Gates of the last run"),
      element("div", { class: "scroll" }, element("table", {},
        element("thead", {}, element("tr", {}, ...heads.map((head, place) =>
          element("th", place === 1 || place === 2 ? { class: "number" } : {}, head)))),
        element("tbody", {}, ...rows)))));
  }

  // --- charts ----------------------------------------------------------------------------------
  const drawn = [];
  const colour = (variable) =>
    getComputedStyle(document.documentElement).getPropertyValue(variable).trim();
  const PREFIXES = [[1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"], [1e-6, "\u00b5"],
    [1e-9, "n"]];

  /** Factor and unit in which the largest of some values is between 1 and 1000. */
  function scaleFor(values, unit) {
    if (unit === "x") return [1, "ratio"];
    if (!["s", "B", "arcsec"].includes(unit)) return [1, unit];
    const largest = Math.max(...values.map(Math.abs));
    const [factor, prefix] = PREFIXES.find(([scale]) => largest >= scale
      && (unit === "B" || scale <= 1)) ?? [1, ""];
    return [factor, prefix + unit];
  }

  function axis(title, more) {
    return { title: { display: true, text: title, color: colour("--soft") },
      grid: { color: colour("--line"), borderColor: colour("--line") },
      ticks: { color: colour("--soft"), maxRotation: 0, autoSkipPadding: 14 }, ...more };
  }

  function chart(parent, title, note, lines, unit, bound) {
    const canvas = element("canvas", { role: "img", "aria-label": title });
    parent.append(element("div", { class: "chart" }, element("h3", {}, title),
      element("p", { class: "note" }, note), element("div", { class: "box" }, canvas)));
    const values = lines.flatMap((line) => line.points.map(([, value]) => value));
    const [factor, shown] = scaleFor(values.concat(bound ?? []), unit);
    const first = Math.min(...lines.flatMap((line) => line.points.map(([run]) => run)));
    const runs = data.runs.slice(first);
    const positive = values.filter((value) => value > 0);
    const wide = positive.length === values.length
      && Math.max(...positive) > 30 * Math.min(...positive);
    drawn.push({ canvas, made: null, configure: () => ({
      type: "line",
      data: {
        labels: runs.map(name),
        datasets: lines.map((line, place) => {
          const row = runs.map(() => null);
          for (const [run, value] of line.points) row[run - first] = value / factor;
          return { label: line.label, data: row, borderColor: colour(`--c${place % 9}`),
            backgroundColor: colour(`--c${place % 9}`), borderWidth: 1.6,
            borderDash: place >= 9 ? [6, 3] : [], pointRadius: runs.length > 60 ? 0 : 2.5,
            spanGaps: true, tension: 0 };
        }).concat(bound === undefined ? [] : [{ label: "bound", data: runs.map(() => bound),
          borderColor: colour("--bad"), backgroundColor: colour("--bad"), borderWidth: 1.2,
          borderDash: [4, 4], pointRadius: runs.length > 1 ? 0 : 3, pointStyle: "line" }]),
      },
      options: {
        animation: false, responsive: true, maintainAspectRatio: false,
        interaction: { mode: "nearest", axis: "x", intersect: false },
        scales: {
          x: axis("run (UTC) and commit", { offset: true }),
          y: axis(shown, wide ? { type: "logarithmic" } : { beginAtZero: true, grace: "8%" }),
        },
        plugins: { legend: { position: "bottom",
          labels: { color: colour("--ink"), boxWidth: 12, boxHeight: 3, padding: 7,
            font: { size: 11 } } } },
      },
    }) });
  }

  function draw() {
    for (const item of drawn) {
      if (item.made) item.made.destroy();
      item.made = new Chart(item.canvas, item.configure());
    }
    document.documentElement.dataset.charts = String(drawn.length);
  }

  function section(title) {
    const charts = element("div", { class: "charts" });
    sections.append(element("section", {}, element("h2", {}, title), charts));
    return charts;
  }

  function gateCharts() {
    const gates = data.gates.filter((gate) => gate.points.length > 0);
    if (gates.length === 0) return;
    const parent = section("Gates over time");
    for (const gate of gates) {
      chart(parent, gate.gate.replaceAll("_", " "), gate.why,
        [{ label: gate.figure, points: gate.points }], "x",
        gate.at_most ?? gate.at_least);
    }
  }

  const MOST_LINES = 8;  // that colours and a legend can tell apart

  function figureCharts() {
    const groups = new Map();
    for (const series of data.series) {
      const cards = groups.get(series.group) ?? new Map();
      groups.set(series.group, cards);
      const key = JSON.stringify([series.bench, series.arguments, series.unit]);
      cards.set(key, [...(cards.get(key) ?? []), series]);
    }
    for (const [group, cards] of groups) {
      const parent = section(group);
      for (const all of cards.values()) {
        for (let from = 0; from < all.length; from += MOST_LINES) {
          const part = all.slice(from, from + MOST_LINES);
          const changed = part.filter((series) => series.significant)
            .map((series) => `${series.metric} ${series.change}`);
          const pages = Math.ceil(all.length / MOST_LINES);
          chart(parent, part[0].bench + (pages > 1 ? ` (${from / MOST_LINES + 1} of ${pages})` : ""),
            [part[0].arguments, ...changed].join("; "),
            part.map((series) => ({ label: series.metric, points: series.points })),
            part[0].unit);
        }
      }
    }
  }

  summary();
  gateTable();
  if (typeof Chart === "undefined") {
    sections.append(element("p", { class: "note" },
      "There are no charts: Chart.js was not installed where this page was made."));
    return;
  }
  gateCharts();
  figureCharts();
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
