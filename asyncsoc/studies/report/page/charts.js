"use strict";
// Reading of values on the charts: the pictures are there without this script.
(() => {
  const number = (v) => v === null || v === undefined || Number.isNaN(v) ? "none" : Number(v.toPrecision(4)).toString();
  for (const plot of document.querySelectorAll(".plot[data-chart]")) {
    const chart = JSON.parse(document.getElementById(plot.dataset.chart).textContent);
    const svg = plot.querySelector("svg"), tip = plot.querySelector(".tip"), cursor = svg.querySelector(".cursor");
    const spots = svg.querySelector(".spots");
    const [left, top, width, height] = chart.box;
    const part = (v, [low, high], log) => log ? Math.log(v / low) / Math.log(high / low) : (v - low) / (high - low);
    const px = (v) => left + width * part(v, chart.x, chart.logX);
    const py = (v) => top + height * (1 - part(v, chart.y, chart.logY));
    let index = -1, which = 0;
    const show = (at) => {
      // `at`: for lines a value of x; for points [series, place].
      const lines = [];
      spots.replaceChildren();
      let shown = null;
      const mark = (s, k) => {
        const x = chart.series[s].x[k], y = chart.series[s].y[k];
        if (y === null || x === null) return;
        const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
        dot.setAttribute("cx", px(x)); dot.setAttribute("cy", py(y)); dot.setAttribute("r", 4);
        dot.setAttribute("class", "halo " + chart.series[s].tone);
        spots.append(dot);
        if (shown === null) shown = x;
        lines.push(`${chart.series[s].name}: ${number(y)}`);
      };
      if (Array.isArray(at)) {
        mark(at[0], at[1]);
      } else {
        chart.series.forEach((one, s) => {
          let best = -1, least = Infinity;
          one.x.forEach((x, k) => { const d = Math.abs(px(x) - px(at)); if (x !== null && d < least) { least = d; best = k; } });
          if (best >= 0 && least < 24 && spots.childElementCount < 12) mark(s, best);
        });
      }
      if (shown === null) { hide(); return; }
      cursor.setAttribute("x1", px(shown)); cursor.setAttribute("x2", px(shown)); cursor.removeAttribute("hidden");
      tip.textContent = [`${chart.xLabel}: ${number(shown)}`, ...lines].join("\n");
      tip.hidden = false;
      const scale = svg.clientWidth / chart.size[0], x = px(shown) * scale;
      tip.style.left = x < svg.clientWidth / 2 ? `${x + 10}px` : "auto";
      tip.style.right = x < svg.clientWidth / 2 ? "auto" : `${svg.clientWidth - x + 10}px`;
      tip.style.top = `${top * scale + 4}px`;
    };
    const hide = () => { tip.hidden = true; cursor.setAttribute("hidden", ""); spots.replaceChildren(); };
    plot.addEventListener("pointermove", (event) => {
      const frame = svg.getBoundingClientRect(), scale = frame.width / chart.size[0];
      const x = (event.clientX - frame.left) / scale, y = (event.clientY - frame.top) / scale;
      let best = null, least = Infinity;
      chart.series.forEach((one, s) => one.x.forEach((v, k) => {
        if (v === null || one.y[k] === null) return;
        const d = Math.abs(px(v) - x) + (chart.points ? Math.abs(py(one.y[k]) - y) : 0);
        if (d < least) { least = d; best = [s, k]; }
      }));
      if (best) { [which, index] = best; show(chart.points ? best : chart.series[best[0]].x[best[1]]); }
    });
    plot.addEventListener("pointerleave", hide);
    plot.addEventListener("blur", hide);
    plot.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10 }[event.key];
      if (event.key === "Escape") { hide(); return; }
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        which = (which + (event.key === "ArrowDown" ? 1 : chart.series.length - 1)) % chart.series.length;
      } else if (step === undefined) { return; }
      event.preventDefault();
      const x = chart.series[which].x;
      if (!x.length) return;
      index = Math.min(Math.max(index + (step || 0), 0), x.length - 1);
      show(chart.points ? [which, index] : x[index]);
    });
  }
})();
// Tables sort by the column whose head is pressed.
(() => {
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
    heads.forEach((head, column) => head.querySelector("button")?.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.hasAttribute("aria-sort") && other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [key(a), key(b)], [m, n] = [parseFloat(x), parseFloat(y)];
        const order = Number.isNaN(m) || Number.isNaN(n) ? Number.isNaN(m) - Number.isNaN(n) || x.localeCompare(y) : m - n;
        return down ? -order : order;
      });
      body.append(...rows);
    }));
  }
})();
