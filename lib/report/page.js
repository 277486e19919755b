"use strict";

const place = (axis, value) =>
  axis.log ? Math.log(value / axis.from) / Math.log(axis.to / axis.from) : (value - axis.from) / (axis.to - axis.from);
const short = (value) => (Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-4)
  ? value.toExponential(2) : String(Number(value.toPrecision(4))));
const grouped = (number) => number.toLocaleString("en-US");

// The index of the step that is nearest; steps grow.
function nearest(steps, step) {
  let low = 0, high = steps.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] < step) low = middle + 1; else high = middle;
  }
  return low > 0 && step - steps[low - 1] < steps[low] - step ? low - 1 : low;
}

// Under the pointer, or the arrow keys, the values at the nearest step; the last ones while there is none.
function readOut(chart) {
  const figure = document.getElementById(chart.id);
  const plot = figure.querySelector(".plot"), pointer = figure.querySelector(".pointer");
  const outputs = figure.querySelectorAll(".legend li:not(.at) output"), at = figure.querySelector(".at output");
  const lines = chart.lines.filter((line) => line.steps.length > 0);
  const resting = [...outputs].map((output) => output.textContent);
  if (lines.length === 0) return;
  const longest = lines.reduce((a, b) => (b.steps.length > a.steps.length ? b : a));
  const dots = lines.map((line) => {
    const dot = document.createElement("i");
    dot.className = line.colour;
    return pointer.appendChild(dot);
  });
  let index = -1;

  function show(step) {
    const axis = document.documentElement.classList.contains("logarithmic") ? chart.log : chart.linear;
    index = nearest(longest.steps, step);
    const shown = longest.steps[index];
    lines.forEach((line, i) => {
      const j = nearest(line.steps, shown);
      outputs[chart.lines.indexOf(line)].textContent = short(line.values[j]);
      dots[i].style.top = `${100 * (1 - place(axis, line.values[j]))}%`;
      dots[i].style.left = `${(place(chart.x, line.steps[j]) - place(chart.x, shown)) * plot.clientWidth}px`;
    });
    at.textContent = `step ${grouped(shown)}`;
    pointer.style.left = `${100 * place(chart.x, shown)}%`;
    pointer.hidden = false;
  }
  function rest() {
    outputs.forEach((output, i) => { output.textContent = resting[i]; });
    at.textContent = "";
    pointer.hidden = true;
    index = -1;
  }
  function follow(event) {
    const box = plot.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    show(chart.x.from + share * (chart.x.to - chart.x.from));
  }
  plot.addEventListener("pointerdown", follow);
  plot.addEventListener("pointermove", follow);
  plot.addEventListener("pointerleave", rest);
  figure.addEventListener("blur", rest);
  figure.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    const from = index < 0 ? longest.steps.length - 1 : index + by * (event.shiftKey ? 10 : 1);
    show(longest.steps[Math.min(Math.max(from, 0), longest.steps.length - 1)]);
    event.preventDefault();
  });
}

// Of each run the newest samples that are not later than the step of the slider.
function slider(strip) {
  const steps = JSON.parse(strip.dataset.steps);
  const input = strip.querySelector("input"), output = strip.querySelector("output");
  function show() {
    const step = steps[Number(input.value)];
    output.textContent = grouped(step);
    for (const column of strip.querySelectorAll(".column")) {
      const frames = [...column.querySelectorAll(".frame")];
      const due = frames.filter((frame) => Number(frame.dataset.step) <= step).pop() || frames[0];
      frames.forEach((frame) => frame.classList.toggle("shown", frame === due));
    }
  }
  input.addEventListener("input", show);
  show();
}

function copyButton(block) {
  const line = block.textContent, button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(line);
    button.textContent = "Copied";
  });
  block.prepend(button);
}

JSON.parse(document.getElementById("data").textContent).forEach(readOut);
document.querySelectorAll(".strip").forEach(slider);
if (navigator.clipboard) document.querySelectorAll(".command pre").forEach(copyButton);
const log = document.getElementById("log");
if (log) log.addEventListener("change", () => document.documentElement.classList.toggle("logarithmic", log.checked));
document.documentElement.classList.add("scripted");
