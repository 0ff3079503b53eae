// Keys of the desk and clicks on whole rows. Everything here also works without it.
(() => {
  "use strict";
  const typing = (target) =>
    target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);

  const press = (key) => {
    const target = document.querySelector(`[data-key="${key}"]:not([disabled])`);
    if (!target) return false;
    target.click();
    return true;
  };

  const move = (step) => {
    const stops = [...document.querySelectorAll("[data-stop]")].filter((one) => one.checkVisibility());
    if (stops.length === 0) return false;
    const at = stops.indexOf(document.activeElement);
    const next = at < 0 ? (step > 0 ? 0 : stops.length - 1) : Math.min(Math.max(at + step, 0), stops.length - 1);
    stops[next].focus();
    return true;
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    if (typing(event.target)) return;
    const key = event.key.toLowerCase();
    const done = key === "j" || key === "arrowdown" ? move(1) : key === "k" || key === "arrowup" ? move(-1) : press(key);
    if (done) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("button, a, input, label, summary")) return;
    event.target.closest("tr[data-row]")?.querySelector("[data-open]")?.click();
  });

  // A remark that is opened is meant to be written: the first control takes the focus.
  document.addEventListener("toggle", (event) => {
    const opened = event.target;
    if (!opened.open && event.newState !== "open") return;
    opened.querySelector("[data-first]")?.focus();
  }, true);

  // The content of a chosen file is sent as text, whichever way it is written.
  document.addEventListener("change", async (event) => {
    const into = document.getElementById(event.target.dataset?.into ?? "");
    const file = event.target.files?.[0];
    if (!into || !file) return;
    const bytes = await file.arrayBuffer();
    try {
      into.value = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      into.value = new TextDecoder("shift_jis").decode(bytes);
    }
    into.defaultValue = into.value;
    const told = document.getElementById(event.target.dataset.told ?? "");
    if (!told) return;
    const lines = into.value.split("\n").filter((line) => line.trim() !== "").length;
    told.textContent = told.dataset.text.replace("{}", lines);
    told.hidden = false;
  });

  // A chosen folder is sent as texts by their paths; a chosen archive as it is, in base 64.
  const wait = (into) => {
    const button = into.form.querySelector("button");
    button.disabled = true;
    for (const other of into.form.querySelectorAll("input[type=hidden][id]")) other.value = "";
    return () => { button.disabled = false; };
  };
  const texts = [".typ", ".toml", ".json"];
  document.addEventListener("change", async (event) => {
    const into = document.getElementById(event.target.dataset?.folderInto ?? "");
    if (!into) return;
    const done = wait(into);
    const files = [...event.target.files].filter((file) => texts.some((kind) => file.name.endsWith(kind)));
    const sent = {};
    for (const file of files.slice(0, 256)) sent[file.webkitRelativePath || file.name] = await file.text();
    into.value = files.length > 0 ? JSON.stringify(sent) : "";
    done();
  });
  document.addEventListener("change", async (event) => {
    const into = document.getElementById(event.target.dataset?.bytesInto ?? "");
    if (!into) return;
    const done = wait(into);
    const file = event.target.files?.[0];
    const bytes = file ? new Uint8Array(await file.arrayBuffer()) : [];
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    into.value = btoa(text);
    done();
  });

  // What was typed is not lost by leaving the page unawares.
  let sending = false;
  document.addEventListener("submit", () => { sending = true; });
  window.addEventListener("beforeunload", (event) => {
    const written = [...document.querySelectorAll("textarea")].some((one) => one.value !== one.defaultValue);
    const marked = document.querySelector(".unlike :checked") !== null;
    if ((written || marked) && !sending) event.preventDefault();
  });
})();
