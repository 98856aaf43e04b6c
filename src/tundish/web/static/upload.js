/*
 * Sends a file to the API in pieces, and goes on where it broke off: after a lost connection by itself, after
 * a stop or a new visit when the same file is chosen with the same words.
 */
"use strict";

const PIECE = 8 * 1024 * 1024;
const FIELDS = ["name", "base_image", "arch", "title", "filetype", "default_user", "firmware"];
const form = document.getElementById("upload");
const WAITS = [1, 2, 5, 10, 20, 30]; // seconds between attempts that brought nothing

class Refused extends Error {}

async function ask(method, path, body, headers = {}) {
  const answer = await fetch(`${document.documentElement.dataset.prefix}/api/v1/uploads${path}`, {
    method, body, headers: { "X-CSRF-Token": form.dataset.csrf, ...headers },
  });
  const said = answer.status === 204 ? {} : await answer.json();
  if (answer.ok) return said;
  const error = answer.status >= 500 || answer.status === 408 || answer.status === 429 ? new Error(said.detail) : new Refused(said.detail);
  error.status = answer.status;
  throw error;
}

const show = (name, words) => {
  const place = form.querySelector(`[data-${name}]`);
  place.hidden = !words;
  return place;
};

function problem(words) { show("problem", words).textContent = words; }

function progress(came, size, words) {
  const place = show("progress", true);
  place.querySelector("progress").value = size ? 100 * came / size : 0;
  place.querySelector("[data-said]").textContent = words;
}

const MiB = (bytes) => `${(bytes / 1048576).toFixed(1)} MiB`;

/* What this browser began with the same words and the same file. */
const memory = (file, wish) => `tundish-upload ${JSON.stringify([wish, file.name, file.size, file.lastModified])}`;

async function begun(file, wish) {
  const kept = localStorage.getItem(memory(file, wish));
  if (kept) {
    try {
      const upload = await ask("GET", `/${kept}`);
      if (upload.state === "arriving" && upload.size === file.size) return upload;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }
  const body = JSON.stringify({ ...wish, size: file.size });
  const upload = await ask("POST", "", body, { "Content-Type": "application/json" });
  localStorage.setItem(memory(file, wish), upload.id);
  return upload;
}

let stopped = false;

async function pause(seconds) { await new Promise((go) => setTimeout(go, 1000 * seconds)); }

async function send(file, upload) {
  const began = Date.now(), from = upload.offset;
  let failures = 0;
  while (upload.state === "arriving" && !stopped) {
    const at = upload.offset, end = Math.min(at + PIECE, file.size);
    try {
      const range = { "Content-Range": `bytes ${at}-${end - 1}/${file.size}`, "Content-Type": "application/octet-stream" };
      upload = await ask("PUT", `/${upload.id}/content`, file.slice(at, end), range);
      failures = 0;
    } catch (error) {
      if (error instanceof Refused && error.status !== 409) throw error;
      if (failures === WAITS.length) throw error;
      progress(at, file.size, `No connection; trying again in ${WAITS[failures]} s`);
      await pause(WAITS[failures++]);
      try { upload = await ask("GET", `/${upload.id}`); } catch { continue; }
    }
    const speed = (upload.offset - from) / Math.max(1, (Date.now() - began) / 1000);
    progress(upload.offset, file.size, `${MiB(upload.offset)} of ${MiB(file.size)}, ${MiB(speed)}/s`);
    htmx.trigger(document.body, "uploaded");
  }
  return upload;
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!form.reportValidity()) return;
  const file = form.elements.file.files[0], main = form.querySelector("button.main");
  const wish = Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value.trim()]));
  wish.keep_old = !form.elements.replace.checked;
  wish.min_disk = Math.round(Number(form.elements.min_disk.value) * 1024 ** 3);
  problem("");
  stopped = false;
  main.disabled = true;
  show("stop", true);
  try {
    const upload = await send(file, await begun(file, wish));
    if (stopped) {
      progress(upload.offset, file.size, "Stopped. Choose the same file with the same words to go on.");
    } else {
      localStorage.removeItem(memory(file, wish));
      progress(1, 1, upload.error ? "" : "It is here. Its check is shown below.");
      problem(upload.error);
    }
  } catch (error) {
    problem(error.message || "The server does not answer; choose the same file again to go on.");
  }
  main.disabled = false;
  show("stop", false);
  htmx.trigger(document.body, "uploaded");
});

form?.querySelector("[data-stop]").addEventListener("click", () => { stopped = true; });
