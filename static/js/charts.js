// Reading a chart point by point. A line of marks with links becomes one stop of the Tab key: arrow keys, Home and End
// move along it, Enter opens the records. What is pointed at or focused is said in words below the chart.

function read(chart) {
  const readout = chart.querySelector("[data-readout]");
  if (!readout) return;
  readout.textContent = readout.dataset.hint;
  const say = (mark) => {
    chart.querySelectorAll(".read").forEach((other) => other.classList.remove("read"));
    mark.classList.add("read");
    readout.textContent = mark.querySelector("title")?.textContent ?? "";
  };
  for (const mark of chart.querySelectorAll("svg g:has(> .hit), svg a")) {
    mark.addEventListener("pointerenter", () => say(mark));
    mark.addEventListener("focus", () => say(mark));
  }
}

function rove(svg) {
  const marks = [...svg.querySelectorAll("a")];
  if (marks.length < 2) return;
  const last = marks.length - 1;
  const stopAt = (index) => marks.forEach((mark, other) => mark.setAttribute("tabindex", other === index ? "0" : "-1"));
  stopAt(last);
  svg.addEventListener("keydown", (event) => {
    const here = marks.indexOf(event.target);
    const there = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: last }[event.key];
    if (here < 0 || there === undefined) return;
    event.preventDefault();
    const next = Math.min(last, Math.max(0, there));
    stopAt(next);
    marks[next].focus();
  });
}

function start(root) {
  for (const chart of root.querySelectorAll("[data-chart]:not([data-ready])")) {
    chart.dataset.ready = "yes";
    for (const frame of chart.querySelectorAll(".chart-frame")) frame.scrollLeft = frame.scrollWidth; // the latest first
    read(chart);
    chart.querySelectorAll("svg").forEach(rove);
  }
}

start(document);
document.addEventListener("htmx:load", (event) => start(event.target.parentElement ?? document));
