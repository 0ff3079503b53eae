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
    fields.push({
      member: parseInt(one.dataset.m, 10),
      name: one.dataset.f,
      value: one.dataset.v,
      printed: one.textContent,
      page: 0,
      box: box(one.getBoundingClientRect()),
    });
  }
  return JSON.stringify({ lines, cells, fields });
})()
