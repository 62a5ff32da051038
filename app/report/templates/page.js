"use strict";
// Each figure is drawn when it first comes near the screen: a closed panel costs nothing.
const looks = JSON.parse(document.getElementById("plot-themes").textContent);
const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");
const theme = () => root.dataset.theme || (system.matches ? "dark" : "light");
const drawn = new Set();

function draw(canvas) {
  const spec = JSON.parse(canvas.querySelector("script").textContent);
  const layout = { ...spec.layout, template: looks[theme()] };
  canvas.replaceChildren();
  drawn.add(canvas);
  Plotly.newPlot(canvas, spec.data, layout, { responsive: true, displaylogo: false, displayModeBar: false });
}

function redress() {
  for (const canvas of drawn) Plotly.relayout(canvas, { template: looks[theme()] });
}

const near = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (isIntersecting) { near.unobserve(target); draw(target); }
  }
}, { rootMargin: "400px" });
for (const canvas of document.querySelectorAll(".canvas")) near.observe(canvas);

document.getElementById("theme").addEventListener("click", () => {
  root.dataset.theme = theme() === "dark" ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* a file may not keep anything */ }
  redress();
});
system.addEventListener("change", redress);

// A link to a closed panel opens it.
function open() {
  const panel = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (panel instanceof HTMLDetailsElement) { panel.open = true; panel.scrollIntoView(); }
}
addEventListener("hashchange", open);
open();
