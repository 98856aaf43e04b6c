/*
 * The little that markup cannot do: copying, choosing all, counting, sorting, and saying when nobody answers.
 * Without it every page still works.
 */
"use strict";

const LOST = 3000; // milliseconds between two attempts while there is no stream of events

function copy(button) {
  const said = button.textContent;
  const done = () => { button.textContent = "Copied"; setTimeout(() => { button.textContent = said; }, 1500); };
  if (navigator.clipboard) {
    navigator.clipboard.writeText(button.dataset.copy).then(done, () => select(button));
  } else {
    select(button);
  }
}

function select(button) {
  const range = document.createRange();
  range.selectNodeContents(button.previousElementSibling);
  const chosen = getSelection();
  chosen.removeAllRanges();
  chosen.addRange(range);
}

function count(form) {
  const ticked = form.querySelectorAll("tbody input[type=checkbox]:checked").length;
  const said = form.querySelector("[data-count]");
  if (said) said.textContent = ticked ? `${ticked} chosen` : "None chosen";
  form.classList.toggle("chosen", ticked > 0);
}

function size(bytes) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let place = 0;
  while (bytes >= 1000 && place < units.length - 1) { bytes /= 1024; place += 1; }
  return `${bytes.toFixed(place && bytes < 100 ? 1 : 0)} ${units[place]}`;
}

function total(form) {
  const said = form.querySelector("[data-total]");
  if (!said) return;
  let bytes = 0, boxes = 0;
  for (const box of form.querySelectorAll("input[data-size]:checked")) { bytes += Number(box.dataset.size); boxes += 1; }
  said.textContent = boxes ? `${boxes} chosen, ${size(bytes)} at most` : "Nothing chosen";
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  const sort = event.target.closest("button.sort");
  if (sort) {
    const form = document.getElementById("filter");
    for (const [name, value] of [["sort", sort.value], ["order", sort.dataset.order]]) {
      let field = form.querySelector(`input[type=hidden][name=${name}]`);
      if (!field) { field = document.createElement("input"); field.type = "hidden"; field.name = name; form.append(field); }
      field.value = value;
    }
  }
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form");
  if (!form) return;
  if (event.target.matches("[data-all]")) {
    for (const box of form.querySelectorAll("tbody input[type=checkbox]:not(:disabled)")) box.checked = event.target.checked;
  }
  count(form);
  total(form);
});

/* A list that renews itself keeps what was ticked, and waits while something is. */
document.addEventListener("htmx:beforeRequest", (event) => {
  const list = event.detail.elt;
  const kind = event.detail.requestConfig.triggeringEvent?.type || "";
  const itself = kind === "poll" || kind.startsWith("sse:");
  if (itself && list.matches("[data-keep]") && list.querySelector("tbody input:checked")) event.preventDefault();
});

/* What a renewed part has to say is said once, by a place that stays: its own place is replaced each time. */
const PAUSE = 10000; // milliseconds between two sayings of progress
let spoken = 0;

document.addEventListener("htmx:afterSwap", (event) => {
  const part = document.getElementById(event.detail.target.id) || event.detail.target;
  const said = part.querySelector("[data-say]");
  const asked = event.detail.requestConfig.triggeringEvent;
  const itself = asked && (asked.type === "poll" || asked.type.startsWith("sse:"));
  if (!said || (itself && Date.now() - spoken < PAUSE)) return;
  spoken = Date.now();
  document.getElementById("aloud").textContent = said.innerText;
});

const offline = () => document.getElementById("offline");
let timer = 0;

function lost() {
  if (timer) return;
  timer = setInterval(() => { if (!document.hidden) htmx.trigger(document.body, "poll"); }, LOST);
}

function found() {
  clearInterval(timer);
  timer = 0;
}

document.addEventListener("htmx:sseError", lost);
document.addEventListener("htmx:sseOpen", () => { found(); offline().hidden = true; });
document.addEventListener("htmx:sendError", () => { offline().hidden = false; lost(); });
document.addEventListener("htmx:afterOnLoad", () => { offline().hidden = true; });

for (const form of document.querySelectorAll("form")) { count(form); total(form); }
