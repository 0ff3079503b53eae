(() => {
  const scale = window.devicePixelRatio;
  const box = (r) => [r.left * scale, r.top * scale, r.width * scale, r.height * scale];
  const hidden = (node) => node.parentElement && node.parentElement.closest(".noise");
  const lines = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (hidden(node)) continue;
    let line = null;
    const text = node.nodeValue;
    for (let at = 0; at < text.length; ) {
      const c = String.fromCodePoint(text.codePointAt(at));
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + c.length);
      at += c.length;
      if (/\s/.test(c)) continue;
      const r = range.getClientRects()[0];
      if (!r || r.width === 0) continue;
      if (line && Math.abs(line.top - r.top) < r.height / 2) {
        line.text += c;
        line.boxes.push(box(r));
      } else {
        line = { text: c, boxes: [box(r)], top: r.top };
        lines.push(line);
      }
    }
  }
  for (const line of lines) delete line.top;
  const cells = [];
  for (const cell of document.querySelectorAll("td,th")) {
    const style = getComputedStyle(cell);
    const ruled = ["Top", "Right", "Bottom", "Left"].every((side) =>
      parseFloat(style["border" + side + "Width"]) > 0 && style["border" + side + "Style"] === "solid");
    if (ruled) cells.push(box(cell.getBoundingClientRect()));
  }
  const fields = [];
  for (const one of document.querySelectorAll("[data-f]")) {
    // Of a row of cells the label is no part of the value.
    const parts = one.querySelector("td") ? [...one.querySelectorAll("td")] : [one];
    const around = parts.map((part) => part.getBoundingClientRect());
    const left = Math.min(...around.map((r) => r.left));
    const top = Math.min(...around.map((r) => r.top));
    const width = Math.max(...around.map((r) => r.right)) - left;
    const height = Math.max(...around.map((r) => r.bottom)) - top;
    fields.push({
      member: parseInt(one.dataset.m, 10),
      name: one.dataset.f,
      value: one.dataset.v,
      printed: parts.map((part) => part.textContent).join(""),
      page: 0,
      box: box({ left, top, width, height }),
    });
  }
  return JSON.stringify({ lines, cells, fields });
})()
