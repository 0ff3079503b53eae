// Does one deed as soon as the page allows it; answers true when done, false after two seconds.
async (deed, label, text) => {
  const shown = (element) => element.checkVisibility({ visibilityProperty: true });
  const name = (element) =>
    (element.getAttribute("aria-label") ?? element.innerText ?? element.value ?? "").trim();
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const labelled = () => {
    const byLabel = all("label").find((one) => one.innerText.trim().startsWith(label));
    return byLabel?.control ?? all("input, select, textarea").find((one) => one.ariaLabel === label);
  };
  const clickable = () => {
    const found = all("button, a, summary, [role=button], tr[data-href], label");
    const exact = found.find((one) => name(one) === label);
    return exact ?? found.find((one) => name(one).includes(label));
  };
  const write = (field, value) => {
    field.focus();
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  };
  const deeds = {
    text: () => document.body.innerText.includes(label),
    "first-row": () => all("tbody tr")[0]?.innerText.includes(label) ?? false,
    click: () => {
      const target = clickable();
      if (!target || target.disabled) return false;
      target.scrollIntoView({ block: "center" });
      target.click();
      return true;
    },
    fill: () => {
      const field = labelled();
      return field ? write(field, text) : false;
    },
    file: () => {
      const field = labelled();
      if (!field) return false;
      const [name, content] = text.split("\n");
      const chosen = new DataTransfer();
      chosen.items.add(new File([Uint8Array.from(atob(content), (one) => one.charCodeAt(0))], name));
      field.files = chosen.files;
      field.dispatchEvent(new Event("change", { bubbles: true }));
      return true;
    },
    choose: () => {
      const list = labelled();
      const entry = [...(list?.options ?? [])].find((one) => one.text.includes(text));
      return entry ? write(list, entry.value) : false;
    },
  };
  if (deeds[deed]()) return true;
  return new Promise((done) => {
    const finish = (result) => {
      watcher.disconnect();
      clearTimeout(timer);
      done(result);
    };
    const watcher = new MutationObserver(() => deeds[deed]() && finish(true));
    const timer = setTimeout(() => finish(deeds[deed]()), 2000);
    watcher.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  });
}
