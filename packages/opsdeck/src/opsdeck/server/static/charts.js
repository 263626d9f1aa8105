// Draws every [data-chart] with uPlot and redraws it when its data, its width or the theme changes.
(() => {
  "use strict";
  const drawn = new Map();
  const tones = { success: "--ok", failure: "--bad", error_rate: "--bad", p50: "--p50", p95: "--p95", p99: "--p99" };
  const dashes = { p50: [2, 3], p99: [7, 3] };
  const others = ["--p95", "--ok", "--p99", "--warn", "--p50", "--none"];
  const short = (value) => Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 3 });
  const units = {
    ms: (value) => (value < 1000 ? `${short(value)} ms` : `${short(value / 1000)} s`),
    ratio: (value) => `${short(value * 100)}%`,
    per_minute: (value) => `${short(value)}/min`,
    count: short,
  };

  // A custom property may hold light-dark(); only a used colour says which.
  function colour(name) {
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = `var(${name})`;
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  }

  const tone = (series, index) => colour(tones[series.name] ?? others[index % others.length]);
  const columns = (chart) => {
    const times = Array.from({ length: chart.points }, (_, i) => chart.start + i * chart.step);
    const values = chart.series.map((series) => series.values);
    // Stacked: what comes later is drawn in front of the sum.
    const heights = chart.kind === "bars"
      ? values.map((_, i) => times.map((_, t) => values.slice(i).reduce((sum, column) => sum + (column[t] ?? 0), 0)))
      : values;
    return [times, ...heights];
  };
  const lonely = (u, index) => {
    const y = u.data[index];
    return y.flatMap((value, i) => (value != null && y[i - 1] == null && y[i + 1] == null ? [i] : []));
  };

  function options(state, width) {
    const chart = state.chart;
    const say = units[chart.unit] ?? short;
    const line = { stroke: colour("--line"), width: 1 };
    const axis = { stroke: colour("--soft"), font: "11px system-ui, sans-serif", grid: line, ticks: { show: false } };
    const bars = chart.kind === "bars";
    const limit = {
      hooks: {
        draw: (u) => {
          if (chart.limit == null || chart.limit > u.scales.y.max) return;
          const y = Math.round(u.valToPos(chart.limit, "y", true));
          u.ctx.save();
          u.ctx.strokeStyle = colour("--warn");
          u.ctx.setLineDash([5, 4]);
          u.ctx.beginPath();
          u.ctx.moveTo(u.bbox.left, y);
          u.ctx.lineTo(u.bbox.left + u.bbox.width, y);
          u.ctx.stroke();
          u.ctx.restore();
        },
      },
    };
    return {
      width,
      height: 150,
      padding: [8, 20, 0, 0],
      plugins: [limit],
      cursor: { sync: { key: "deck" }, points: { size: 6 }, y: false },
      scales: { y: { range: (u, low, high) => [0, Math.max(high ?? 0, 1e-9) * 1.1] } },
      axes: [
        { ...axis, space: 60, size: 24, values: ticks(chart) },
        { ...axis, size: 56, space: 34, values: (u, at) => at.map((value) => (value === 0 ? "0" : say(value))) },
      ],
      series: [
        {},
        ...chart.series.map((series, i) => ({
          label: series.title,
          stroke: tone(series, i),
          width: bars ? 0 : 1.75,
          dash: dashes[series.name],
          fill: bars ? tone(series, i) : undefined,
          paths: bars ? uPlot.paths.bars({ size: [0.72, 24] }) : undefined,
          points: bars ? { show: false } : { size: 5, fill: tone(series, i), filter: (u, index) => lonely(u, index), show: true },
          value: (u, shown, index, at) => {
            const value = at == null ? null : state.chart.series[index - 1].values[at];
            return value == null ? "–" : say(value);
          },
        })),
      ],
    };
  }

  const ticks = (chart) => (u, at) => at.map((seconds) => {
    const when = new Date(seconds * 1000);
    const far = chart.points * chart.step > 2 * 86400;
    return far
      ? when.toLocaleDateString(undefined, { month: "short", day: "numeric" })
      : when.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  });

  // With no pointer on a chart its legend tells the latest values; uPlot clears it when it has drawn.
  const rest = (u) => setTimeout(() => {
    const latest = u.data[0].findLastIndex((_, i) => u.data.slice(1).some((column) => column[i] != null));
    if (u.cursor.idx == null && latest >= 0) u.setLegend({ idx: latest }, false);
  });

  function draw(element) {
    const text = element.dataset.chart;
    const before = drawn.get(element);
    const chart = JSON.parse(text);
    const shape = chart.series.map((series) => series.name).join() + chart.step;
    if (before?.text === text) return;
    if (before?.shape === shape) {
      Object.assign(before, { chart, text });
      before.plot.setData(columns(chart));
      rest(before.plot);
      return;
    }
    before?.plot.destroy();
    element.replaceChildren();
    const state = { chart, text, shape };
    state.plot = new uPlot(options(state, element.clientWidth || 300), columns(chart), element);
    state.plot.over.addEventListener("mouseleave", () => rest(state.plot));
    rest(state.plot);
    drawn.set(element, state);
    width.observe(element);
  }

  const width = new ResizeObserver((changes) => {
    for (const { target, contentRect } of changes) {
      const plot = drawn.get(target)?.plot;
      if (plot && contentRect.width && plot.width !== contentRect.width) plot.setSize({ width: contentRect.width, height: 150 });
    }
  });

  function all() {
    for (const element of drawn.keys()) {
      if (element.isConnected) continue;
      width.unobserve(element);
      drawn.get(element).plot.destroy();
      drawn.delete(element);
    }
    document.querySelectorAll("[data-chart]").forEach(draw);
  }
  function again() {
    for (const { plot } of drawn.values()) plot.destroy();
    drawn.clear();
    all();
  }
  document.addEventListener("deck:fresh", all);
  document.addEventListener("deck:theme", again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  all();
})();
