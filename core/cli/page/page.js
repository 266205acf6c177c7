// SPDX-License-Identifier: GPL-3.0-or-later
// Shows a run record. It knows no stage by name: units come from the names of figures (peak_jy,
// wall_s), a table of many rows becomes charts over its first column, and texts are counted. In a
// table with a column `series` every value of that column is a line of its own.
"use strict";
(() => {
  const record = JSON.parse(document.getElementById("record").textContent);
  const sections = document.getElementById("sections");
  const hasCharts = typeof Chart !== "undefined";
  const MINUS = "\u2212";

  // --- elements ------------------------------------------------------------------------------
  // Text always goes in as text: a record may hold anything.
  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  function section(title, ...children) {
    const made = element("section", {}, element("h2", {}, title), ...children);
    sections.append(made);
    return made;
  }

  function table(columns, rows) {
    const head = columns.map((column) =>
      element("th", column.number ? { class: "number" } : {}, column.title));
    const body = rows.map((row) => element("tr", {}, ...row.map((cell, index) =>
      element("td", { class: columns[index].number ? "number" : "text" }, cell ?? ""))));
    return element("div", { class: "scroll" }, element("table", {},
      element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body)));
  }

  function list(texts) {
    return element("ul", {}, ...texts.map((text) => element("li", {}, text)));
  }

  const code = (text) => element("code", {}, text);

  // --- figures with units --------------------------------------------------------------------
  const DECIMAL = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""], [1e-3, "m"],
    [1e-6, "\u00b5"], [1e-9, "n"]];
  const BINARY = [[2 ** 40, "Ti"], [2 ** 30, "Gi"], [2 ** 20, "Mi"], [2 ** 10, "Ki"], [1, ""]];
  const UNITS = {
    jy: ["Jy", DECIMAL], hz: ["Hz", DECIMAL], bytes: ["B", BINARY], s: ["s", null], m: ["m", null],
    arcsec: ["arcsec", null], deg: ["deg", null], rad: ["rad", null], k: ["K", null],
    pixels: ["pixels", null], ns: ["ns", null],
  };

  /** What a figure's name says: {words, unit, prefixes}. */
  function meaning(name) {
    const words = name.split("_");
    const found = words.length > 1 ? UNITS[words[words.length - 1]] : undefined;
    if (!found) return { group: name, words: words.join(" "), unit: "", prefixes: null };
    const left = words.slice(0, -1);
    return { group: left[0] + " " + found[0], words: left.join(" "), unit: found[0],
      prefixes: found[1] };
  }

  function scaleFor(largest, prefixes) {
    if (!prefixes || !(largest > 0)) return [1, ""];
    return prefixes.find(([scale]) => largest >= scale) ?? prefixes[prefixes.length - 1];
  }

  const tidy = (value, digits = 4) => String(Number(Number(value).toPrecision(digits)))
    .replace("-", MINUS);

  function amount(value, unit = "B", prefixes = BINARY) {
    const [scale, prefix] = scaleFor(Math.abs(value), prefixes);
    return `${tidy(value / scale)} ${prefix}${unit}`;
  }

  function duration(seconds) {
    if (seconds < 60) return `${tidy(seconds, 3)} s`;
    const whole = Math.round(seconds);
    const two = (number) => String(number).padStart(2, "0");
    const minutes = Math.floor(whole / 60) % 60;
    if (whole < 3600) return `${minutes} min ${two(whole % 60)} s`;
    return `${Math.floor(whole / 3600)} h ${two(minutes)} min`;
  }

  // --- charts --------------------------------------------------------------------------------
  const drawn = [];
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const series = (index) => colour(`--c${index % 9}`);

  /** Grey bands behind a chart over time: which pass was going on. */
  const bands = {
    id: "bands",
    beforeDatasetsDraw(chart, _, options) {
      if (!options || !options.passes) return;
      const { ctx, chartArea, scales } = chart;
      ctx.save();
      ctx.font = "11px system-ui, sans-serif";
      options.passes.forEach((pass, index) => {
        const left = Math.max(chartArea.left, scales.x.getPixelForValue(pass.from));
        const right = Math.min(chartArea.right, scales.x.getPixelForValue(pass.to));
        ctx.fillStyle = colour(`--band${index % 2}`);
        ctx.fillRect(left, chartArea.top, Math.max(1, right - left), chartArea.height);
        if (ctx.measureText(pass.name).width + 8 > right - left) return;
        ctx.fillStyle = colour("--soft");
        ctx.fillText(pass.name, left + 4, chartArea.top + 12);
      });
      ctx.restore();
    },
  };

  function axis(title, extra = {}) {
    return { title: { display: true, text: title, color: colour("--soft") },
      grid: { color: colour("--line"), borderColor: colour("--line") },
      ticks: { color: colour("--soft"), maxRotation: 0, autoSkipPadding: 12 }, ...extra };
  }

  /** A card with a chart that is made again when the colours change. */
  function chart(parent, title, configure, { wide = false } = {}) {
    if (!hasCharts) return;
    const canvas = element("canvas", { role: "img", "aria-label": title });
    parent.append(element("div", { class: wide ? "chart wide" : "chart" },
      element("h3", {}, title), element("div", { class: "box" }, canvas)));
    drawn.push({ canvas, configure, made: null });
  }

  function draw() {
    for (const item of drawn) {
      if (item.made) item.made.destroy();
      const configuration = item.configure();
      const legend = configuration.data.datasets.length > 1;
      configuration.options = {
        animation: false, responsive: true, maintainAspectRatio: false, normalized: true,
        interaction: { mode: "nearest", axis: "x", intersect: false }, ...configuration.options,
      };
      configuration.options.plugins = {
        legend: { display: legend, position: "bottom",
          labels: { color: colour("--ink"), boxWidth: 12, boxHeight: 3 } },
        ...configuration.options.plugins,
      };
      item.made = new Chart(item.canvas, configuration);
    }
    document.documentElement.dataset.charts = String(drawn.length);
  }

  /** A line for each of `lines`: {label, points, dashed, stepped}. */
  function lineChart(parent, title, xTitle, yTitle, lines, options = {}) {
    chart(parent, title, () => ({
      type: "line",
      plugins: options.passes ? [bands] : [],
      data: {
        datasets: lines.map((line, index) => ({
          label: line.label, data: line.points,
          borderColor: line.dashed ? colour("--soft") : series(index),
          backgroundColor: line.dashed ? colour("--soft") : series(index),
          borderWidth: line.points.length > 400 ? 1 : 1.6, borderDash: line.dashed ? [5, 4] : [],
          pointRadius: line.points.length > 60 || line.dashed ? 0 : 2, pointHitRadius: 6,
          stepped: line.stepped ?? false, spanGaps: false, tension: 0,
        })),
      },
      options: {
        parsing: false,
        scales: {
          x: axis(xTitle, { type: "linear", min: options.from, max: options.to }),
          y: axis(yTitle, options.logarithmic ? { type: "logarithmic" }
            : { type: "linear", beginAtZero: options.fromZero ?? false }),
        },
        plugins: { bands: { passes: options.passes } },
      },
    }), options);
  }

  function countChart(parent, title, counts) {
    const names = Object.keys(counts).sort((a, b) => counts[b] - counts[a]);
    chart(parent, title, () => ({
      type: "bar",
      data: { labels: names, datasets: [{ label: "rows", data: names.map((name) => counts[name]),
        backgroundColor: names.map((_, index) => series(index)), maxBarThickness: 28 }] },
      options: {
        indexAxis: "y", interaction: { mode: "nearest", axis: "y", intersect: false },
        scales: {
          x: axis("count", { beginAtZero: true,
            ticks: { color: colour("--soft"), precision: 0 } }),
          y: axis("", { title: { display: false }, ticks: { color: colour("--ink"),
            callback(index) {
              const name = this.getLabelForValue(index);
              return name.length > 20 ? name.slice(0, 19) + "\u2026" : name;
            } } }),
        },
      },
    }));
  }

  function stackedChart(parent, title, xTitle, yTitle, xs, lines) {
    chart(parent, title, () => ({
      type: "bar",
      data: {
        labels: xs,
        datasets: lines.map((line, index) => ({ label: line.label, data: line.values,
          backgroundColor: series(index), barPercentage: 1, categoryPercentage: 1 })),
      },
      options: { scales: { x: axis(xTitle, { stacked: true, grid: { display: false } }),
        y: axis(yTitle, { stacked: true, beginAtZero: true }) },
        interaction: { mode: "index", intersect: false } },
    }), { wide: true });
  }

  // --- small multiples ---------------------------------------------------------------------
  const PLOT = { width: 150, height: 70 };

  function drawing(name, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  /** Where lines go on: pieces of points without a gap. */
  function pieces(points) {
    const found = [[]];
    for (const point of points) {
      if (point.y === null) found.push([]);
      else found[found.length - 1].push(point);
    }
    return found.filter((piece) => piece.length > 0);
  }

  /** One small plot for each of `plots`, {label, lines: [points]}, all over the same axes. */
  function smallMultiples(parent, title, xTitle, yTitle, names, plots) {
    const all = plots.flatMap((plot) => plot.lines.flat()).filter((point) => point.y !== null);
    if (all.length === 0) return;
    const range = (values) => {
      const low = values.reduce((a, b) => Math.min(a, b), Infinity);
      const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
      return high > low ? [low, high] : [low - 0.5, high + 0.5];
    };
    const [left, right] = range(all.map((point) => point.x));
    const [bottom, top] = range(all.map((point) => point.y));
    const at = (point) => [
      (2 + (PLOT.width - 4) * (point.x - left) / (right - left)).toFixed(1),
      (PLOT.height - 2 - (PLOT.height - 4) * (point.y - bottom) / (top - bottom)).toFixed(1)];
    const grid = element("div", { class: "multiples" });
    for (const plot of plots) {
      const marks = plot.lines.flatMap((line, index) => pieces(line).map((piece) => {
        const stroke = `var(--c${index % 9})`;
        if (piece.length === 1) {
          const [x, y] = at(piece[0]);
          return drawing("circle", { cx: x, cy: y, r: 2, fill: stroke });
        }
        return drawing("polyline", { points: piece.map((point) => at(point).join(",")).join(" "),
          fill: "none", stroke, "stroke-width": 1.2 });
      }));
      const label = `${title} of ${plot.label}`;
      grid.append(element("figure", {}, drawing("svg", { role: "img", "aria-label": label,
        viewBox: `0 0 ${PLOT.width} ${PLOT.height}` }, ...marks),
        element("figcaption", {}, plot.label)));
    }
    const keys = names.flatMap((name, index) =>
      [element("span", { class: "key", style: `background: var(--c${index % 9})` }), name + " "]);
    parent.append(element("h3", {}, title), element("p", { class: "note" },
      names.length > 1 ? element("span", {}, ...keys) : null,
      `${yTitle} from ${tidy(bottom)} to ${tidy(top)} over ${xTitle} from ${tidy(left, 6)} to ` +
      `${tidy(right, 6)}, the same in all plots`), grid);
  }

  // --- sections ------------------------------------------------------------------------------
  function facts(pairs) {
    return element("dl", { class: "facts" }, ...pairs
      .filter(([, value]) => value !== null && value !== undefined && value !== "")
      .map(([name, value]) =>
        element("div", {}, element("dt", {}, name), element("dd", {}, value))));
  }

  function showSummary() {
    const memory = record.memory ?? {};
    const io = record.io ?? {};
    const cpu = record.samples?.cpu_s?.at(-1);
    const shown = document.getElementById("summary");
    shown.append(
      element("h1", {}, (record.description ?? "run").split("/").pop(), " ",
        element("span", { class: `verdict ${record.verdict}` }, record.verdict)),
      element("p", { class: "note" }, `${record.started} to ${record.ended}, run ${record.run}`));
    if (record.error) shown.append(element("p", { class: "error" }, record.error));
    shown.append(facts([
      ["wall time", record.wall_s === undefined ? null : duration(record.wall_s)],
      ["CPU time", cpu === undefined ? null : duration(cpu)],
      ["threads", record.host?.threads],
      ["peak memory", memory.resident_peak_bytes ? amount(memory.resident_peak_bytes) : null],
      ["memory budget", memory.budget_bytes ? amount(memory.budget_bytes) : null],
      ["read", io.rchar === undefined ? null : amount(io.rchar)],
      ["written", io.wchar === undefined ? null : amount(io.wchar)],
      ["host", record.host?.name], ["skymill", record.skymill],
    ]));
    if (!hasCharts) {
      document.getElementById("charts-missing").append(element("p", { class: "note card" },
        "This program was built without Chart.js, so the page has tables but no charts."));
    }
  }

  function showWarnings() {
    const failures = record.failures ?? [];
    const degraded = record.degraded_because ?? [];
    const warnings = record.warnings ?? { count: 0, texts: [] };
    if (failures.length + degraded.length + warnings.count === 0) return;
    const made = section("Warnings");
    if (failures.length > 0) {
      made.append(element("h3", {}, "Failed, and the rest went on"), list(failures));
    }
    if (degraded.length > 0) {
      made.append(element("h3", {}, "Degraded because"), list(degraded));
    }
    if (warnings.count > 0) {
      const more = warnings.count - warnings.texts.length;
      made.append(element("h3", {}, `Warnings of the log (${warnings.count})`),
        list(warnings.texts));
      if (more > 0) made.append(element("p", { class: "note" }, `and ${more} more`));
    }
  }

  function showResources() {
    const samples = record.samples;
    if (!samples || !samples.time_s || samples.time_s.length < 2) return;
    const times = samples.time_s;
    const long = times.at(-1) > 600;
    const per = times.at(-1) > 7200 * 3 ? 3600 : long ? 60 : 1;
    const unit = per === 3600 ? "h" : per === 60 ? "min" : "s";
    const passes = (record.passes ?? []).map((pass) => ({
      name: pass.stages.join(" > "), from: pass.started_s / per, to: pass.ended_s / per }));
    const at = (values) => values.map((y, index) => ({ x: times[index] / per, y }));
    const rate = (values, scale) => times.slice(1).map((time, index) => ({
      x: time / per,
      y: (values[index + 1] - values[index]) / Math.max(1e-3, time - times[index]) / scale }));
    const ends = [times[0] / per, times.at(-1) / per];
    const level = (y) => ends.map((x) => ({ x, y }));
    const options = { passes, from: ends[0], to: ends[1], fromZero: true };
    const charts = element("div", { class: "charts" });
    section("Memory, CPU and traffic over time", charts);
    const time = `time since the start (${unit})`;

    const peak = Math.max(...samples.resident_bytes);
    const [scale, prefix] = scaleFor(peak, BINARY);
    const memory = [{ label: "resident", points: at(samples.resident_bytes.map((b) => b / scale)) }];
    const budget = record.memory?.budget_bytes;
    if (budget && budget < 20 * peak) {
      memory.push({ label: "budget", points: level(budget / scale), dashed: true });
    }
    lineChart(charts, "Memory", time, `memory (${prefix}B)`, memory, options);
    const threads = record.host?.threads;
    const cores = [{ label: "busy", points: rate(samples.cpu_s, 1) }];
    if (threads) cores.push({ label: "threads", points: level(threads), dashed: true });
    lineChart(charts, "CPU", time, "busy cores", cores, options);
    for (const [title, read, written] of [
      ["Read and written by the program", "read_bytes", "written_bytes"],
      ["Read from and written to storage", "storage_read_bytes", "storage_written_bytes"]]) {
      const all = [...rate(samples[read], 1), ...rate(samples[written], 1)].map((p) => p.y);
      const [ioScale, ioPrefix] = scaleFor(Math.max(...all), BINARY);
      lineChart(charts, title, time, `rate (${ioPrefix}B/s)`, [
        { label: "read", points: rate(samples[read], ioScale) },
        { label: "written", points: rate(samples[written], ioScale) }], options);
    }
  }

  function bar(share) {
    return element("span", { class: "bar", style: `width: ${(8 * share).toFixed(2)}rem` });
  }

  function showStages() {
    const stages = record.stages ?? [];
    if (stages.length === 0) return;
    const cpu = Math.max(...stages.map((stage) => stage.cpu_s ?? 0), 1e-9);
    const made = section("Stages", table(
      [{ title: "stage" }, { title: "type" }, { title: "shape" }, { title: "wall", number: true },
        { title: "CPU", number: true }, { title: "" }, { title: "chunks", number: true },
        { title: "bytes", number: true }, { title: "counters" }],
      stages.map((stage) => [code(stage.name), code(stage.use), stage.shape,
        duration(stage.wall_s ?? 0), duration(stage.cpu_s ?? 0), bar((stage.cpu_s ?? 0) / cpu),
        stage.chunks || "", stage.chunk_bytes ? amount(stage.chunk_bytes) : "",
        Object.entries(stage.counters ?? {}).map(([name, value]) =>
          `${name.replaceAll("_", " ")} ${value}`).join(", ")])));
    made.append(element("p", { class: "note" },
      "Wall and CPU time are summed over threads; the bars compare CPU time."));
    const passes = record.passes ?? [];
    if (passes.length === 0) return;
    made.append(element("h3", {}, "Passes over the data"), table(
      [{ title: "stages" }, { title: "start", number: true }, { title: "wall", number: true },
        { title: "units", number: true }, { title: "stopped" }],
      passes.map((pass) => [pass.stages.join(" > ") + (pass.failed ? " (failed)" : ""),
        duration(pass.started_s), duration(pass.ended_s - pass.started_s), pass.units || "",
        Object.entries(pass.stopped ?? {}).map(([why, count]) => `${count} ${why}`).join(", ")])));
  }

  const MOST_BARS = 150;
  const isNumber = (value) => typeof value === "number";
  const mean = (values) => values.reduce((sum, value) => sum + (value ?? 0), 0) / values.length;

  /** Steps of the work on a unit. */
  function showSteps(made, steps, columnValues, xs, xTitle) {
    const sums = steps.map((step) =>
      columnValues(step).reduce((sum, value) => sum + (isNumber(value) ? value : 0), 0));
    const total = sums.reduce((sum, value) => sum + value, 0) || 1;
    made.append(element("h3", {}, "Steps"), table(
      [{ title: "step" }, { title: "wall, summed", number: true },
        { title: "share", number: true }, { title: "" }],
      steps.map((step, index) => [meaning(step).words, duration(sums[index]),
        `${tidy(100 * sums[index] / total, 3)} %`, bar(sums[index] / Math.max(...sums))])));
    const charts = element("div", { class: "charts steps" });
    made.append(charts);
    const each = Math.ceil(xs.length / MOST_BARS);
    const binned = (values) => Array.from({ length: Math.ceil(values.length / each) },
      (_, bin) => mean(values.slice(bin * each, (bin + 1) * each)));
    stackedChart(charts, each > 1 ? `Time by step, mean of ${each} rows` : "Time by step", xTitle,
      "wall time (s)", xs.filter((_, index) => index % each === 0),
      steps.map((step) => ({ label: meaning(step).words, values: binned(columnValues(step)) })));
  }

  const MOST_LINES = 8;

  /** A table whose column `series` says to which line a row belongs. */
  function showSeries(made, columns, rows) {
    const series = columns.indexOf("series");
    const x = meaning(columns[0]);
    const lines = new Map();
    for (const row of rows) {
      const label = String(row[series]);
      if (!lines.has(label)) lines.set(label, []);
      lines.get(label).push(row);
    }
    const largestX = rows.reduce((most, row) => Math.max(most, Math.abs(row[0])), 0);
    const [xScale, xPrefix] = scaleFor(largestX, x.prefixes);
    const xTitle = x.unit ? `${x.words} (${xPrefix}${x.unit})` : x.words;
    const groups = new Map();
    columns.forEach((column, index) => {
      if (index === 0 || index === series) return;
      if (!rows.every((row) => row[index] === null || isNumber(row[index]))) return;
      const { words, unit } = meaning(column);
      const group = `${words.split(" ")[0]} ${unit}`;
      groups.set(group, [...(groups.get(group) ?? []), index]);
    });
    const charts = element("div", { class: "charts" });
    made.append(charts);
    for (const members of groups.values()) {
      const { unit, prefixes, words } = meaning(columns[members[0]]);
      const values = rows.flatMap((row) => members.map((index) => row[index])).filter(isNumber);
      if (values.length === 0) continue;
      const [scale, prefix] = scaleFor(
        values.reduce((most, value) => Math.max(most, Math.abs(value)), 0), prefixes);
      const names = members.map((index) => meaning(columns[index]).words);
      const title = names.join(", ");
      const first = members.length > 1 ? words.split(" ")[0] : words;
      const yTitle = unit ? `${first} (${prefix}${unit})` : first;
      const points = (some, index) => some.map((row) => ({ x: row[0] / xScale,
        y: row[index] === null ? null : row[index] / scale }));
      if (lines.size > MOST_LINES) {
        smallMultiples(made, title, xTitle, yTitle, names, [...lines].map(([label, some]) =>
          ({ label, lines: members.map((index) => points(some, index)) })));
        continue;
      }
      for (const index of members) {
        lineChart(charts, meaning(columns[index]).words, xTitle, yTitle,
          [...lines].map(([label, some]) => ({ label, points: points(some, index)
            .map((point) => ({ x: point.x, y: point.y === null ? NaN : point.y })) })));
      }
    }
  }

  function showTable(stage, name, content) {
    const { columns, rows } = content;
    const made = section(`${stage}: ${name.replaceAll("_", " ")}`);
    if (columns.includes("series") && rows.length > 1 && rows.every((row) => isNumber(row[0]))) {
      showSeries(made, columns, rows);
      return;
    }
    const plain = () => table(
      columns.map((column, index) => {
        const { words, unit } = meaning(column);
        return { title: unit ? `${words} (${unit})` : words,
          number: rows.every((row) => row[index] === null || isNumber(row[index])) };
      }),
      rows.map((row) => row.map((cell) => isNumber(cell) ? tidy(cell, 7) : String(cell ?? ""))));
    const numeric = columns.filter((column, index) =>
      rows.every((row) => row[index] === null || isNumber(row[index])));
    if (rows.length < 2 || numeric[0] !== columns[0]) {
      made.append(plain());
      return;
    }
    const columnValues = (column) => rows.map((row) => row[columns.indexOf(column)]);
    const x = meaning(columns[0]);
    const xs = columnValues(columns[0]);
    const xTitle = x.unit ? `${x.words} (${x.unit})` : x.words;
    const charts = element("div", { class: "charts" });
    made.append(charts);

    const constant = [];
    for (const column of columns.filter((each) => !numeric.includes(each))) {
      const counts = {};
      for (const value of columnValues(column)) {
        counts[value ?? "none"] = (counts[value ?? "none"] ?? 0) + 1;
      }
      if (Object.keys(counts).length > 12) continue;
      const title = `${meaning(column).words}: rows by value`;
      countChart(charts, title, counts);
      if (!hasCharts) {
        made.append(element("p", {}, `${title}: `, Object.entries(counts)
          .map(([value, count]) => `${count} ${value}`).join(", ")));
      }
    }
    const groups = new Map();
    const steps = [];
    for (const column of numeric.slice(1)) {
      const { group, unit } = meaning(column);
      const values = columnValues(column).filter((value) => value !== null);
      if (name === "steps" && unit === "s") {
        steps.push(column);
        continue;
      }
      if (values.length === 0 || values.every((value) => value === values[0])) {
        if (values.length > 0) constant.push([column, values[0]]);
        continue;
      }
      groups.set(group, [...(groups.get(group) ?? []), column]);
    }
    for (const members of groups.values()) {
      const { unit, prefixes } = meaning(members[0]);
      const values = members.flatMap(columnValues).filter(isNumber);
      const largest = Math.max(...values.map(Math.abs));
      const [scale, prefix] = scaleFor(largest, prefixes);
      const { words } = meaning(members[0]);
      const title = members.length > 1 ? words.split(" ")[0] : words;
      const smallest = Math.min(...values);
      lineChart(charts, members.map((member) => meaning(member).words).join(", "), xTitle,
        unit ? `${title} (${prefix}${unit})` : title,
        members.map((member) => ({ label: meaning(member).words,
          points: columnValues(member).map((y, index) => ({ x: xs[index],
            y: y === null ? NaN : y / scale })) })),
        { logarithmic: smallest > 0 && largest / smallest > 300 });
    }
    if (constant.length > 0) {
      made.append(element("p", { class: "note" }, "The same in all rows: ",
        constant.map(([column, value]) => {
          const { words, unit } = meaning(column);
          return `${words} ${tidy(value, 7)}${unit ? " " + unit : ""}`;
        }).join(", ")));
    }
    if (steps.length > 0) showSteps(made, steps, columnValues, xs, xTitle);
    made.append(element("details", {}, element("summary", {}, `All ${rows.length} rows`), plain()));
  }

  function showTables() {
    for (const stage of record.stages ?? []) {
      for (const [name, content] of Object.entries(stage.tables ?? {})) {
        showTable(stage.name, name, content);
      }
    }
  }

  function showParameters() {
    const made = section("Parameters");
    for (const stage of record.stages ?? []) {
      const values = Object.entries(stage.parameters ?? {});
      if (values.length === 0) continue;
      const given = values.filter(([, value]) => value.from !== "default");
      const rows = (some) => some.map(([name, value]) =>
        [code(name), code(value.value), value.from]);
      const columns = [{ title: "parameter" }, { title: "value" }, { title: "from" }];
      made.append(element("h3", {}, `${stage.name} (${stage.use} ${stage.version ?? ""})`));
      if (given.length > 0) made.append(table(columns, rows(given)));
      const rest = values.length - given.length;
      if (rest > 0) {
        made.append(element("details", {}, element("summary", {}, `${rest} defaults`),
          table(columns, rows(values.filter(([, value]) => value.from === "default")))));
      }
    }
  }

  function showFiles() {
    const made = section("Files");
    for (const [title, files] of [["Inputs", record.inputs], ["Outputs", record.outputs]]) {
      if (!files || files.length === 0) continue;
      made.append(element("h3", {}, title), table(
        [{ title: "path" }, { title: "bytes on disk", number: true }],
        files.map((file) => [code(file.path), amount(file.bytes)])));
    }
    if (record.staging?.length > 0) {
      made.append(element("h3", {}, "Staged on tiers"), table(
        [{ title: "stage" }, { title: "product" }, { title: "tier" },
          { title: "reserved", number: true }, { title: "used", number: true }],
        record.staging.map((item) => [code(item.stage), code(item.product), item.tier ?? "none",
          amount(item.reserved_bytes), amount(item.used_bytes)])));
    }
    made.append(element("h3", {}, "Command"), code((record.command ?? []).join(" ")),
      element("p", { class: "note" }, `in ${record.folder ?? "an unknown folder"}`));
    if (record.segments?.length > 0) {
      made.append(element("h3", {}, "Memory plan"), table(
        [{ title: "pass" }, { title: "chunks in flight", number: true },
          { title: "bytes of a chunk", number: true }, { title: "queues", number: true },
          { title: "accumulated", number: true }],
        record.segments.map((segment) => [segment.stages.join(" > "), segment.chunks_in_flight,
          amount(segment.chunk_footprint_bytes), amount(segment.queue_bytes),
          amount(segment.state_bytes)])));
    }
  }

  showSummary();
  const pictures = document.getElementById("pictures");
  if (pictures.children.length === 0) pictures.remove();
  else pictures.prepend(element("h2", {}, "Pictures"));
  showWarnings();
  showStages();
  showResources();
  showTables();
  showParameters();
  showFiles();
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("beforeprint", () => drawn.forEach((item) => item.made.resize()));
})();
