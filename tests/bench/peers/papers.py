#!/usr/bin/env python3
"""Times one form beside the layout engine alone (the limit) and WeasyPrint (a peer), in one run.

    python3 -m venv VENV && VENV/bin/pip install typst weasyprint
    VENV/bin/python tests/bench/peers/papers.py TODOKE TODOKE-BENCH

The engine lays out our own template with the same data and fonts, without our checks. WeasyPrint lays
out a page of the same words in the same fonts, in a plain table: less than the form, never more. Each
first page is made in a process of its own.
"""

import html
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

FORM = "F001-resident-move"
FORMS = pathlib.Path(__file__).parents[3] / "firmware/counter-forms/forms"
FONTS = pathlib.Path("/usr/share/fonts/truetype")
FACES = {
    "IPAmjMincho": FONTS / "ipamj/ipamjm.ttf",
    "BIZ UDGothic": FONTS / "bizud-gothic/BIZUDGothic-Regular.ttf",
}
BLANK = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
WARM = 20


def patched(target, patch):
    """RFC 7396, as the forms lay their own sample over the shared one."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = patched(target.get(name), value)
    return target


def sample():
    shared = json.loads((FORMS / "samples/typical.json").read_text())
    own = FORMS / FORM / "samples/typical.json"
    return patched(shared, json.loads(own.read_text())) if own.exists() else shared


def lay_out_for_typst(folder):
    """Our templates with what our program gives them; `data.json` is written for each form."""
    for source in FORMS.rglob("*"):
        if source.is_file() and source.suffix in (".typ", ".toml"):
            target = folder / source.relative_to(FORMS)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source.read_text())
    (folder / "fonts.json").write_text(json.dumps(["IPAmjMincho"]))
    for name in ("signature.svg", "qr.svg"):
        (folder / name).write_text(BLANK)


def typst(folder, count):
    import typst as engine

    fonts = engine.Fonts(include_system_fonts=False, font_paths=[str(FONTS)])
    compiler = engine.Compiler(str(folder / FORM / "form.typ"), root=str(folder), font_paths=fonts)
    data = sample()
    for number in range(count):
        data["receipt_number"] = f"07-2-261121-{number:04}-6"
        (folder / "data.json").write_text(json.dumps(data))
        yield lambda: compiler.compile(format="pdf", pdf_standards="a-2u")


def weasyprint(words, count):
    import weasyprint as peer

    faces = "".join(
        f'@font-face {{ font-family: "{name}"; src: url("{path.as_uri()}"); }}'
        for name, path in FACES.items()
    )
    style = f'{faces} @page {{ size: A4; margin: 10mm }} td {{ border: 1px solid; font: 8pt "IPAmjMincho", "BIZ UDGothic" }}'
    rows = "".join(f"<tr><td>{html.escape(line)}</td></tr>" for line in words)
    for number in range(count):
        page = f"<style>{style}</style><table><caption>07-2-261121-{number:04}-6</caption>{rows}</table>"
        yield lambda: peer.HTML(string=page).write_pdf(pdf_variant="pdf/a-2u")


def timed(deed):
    start = time.perf_counter()
    result = deed()
    return (time.perf_counter() - start) * 1000, result


def pages_of(name, folder, words, count):
    return typst(folder, count) if name == "typst" else weasyprint(words, count)


def child(name, folder, words, count):
    """Milliseconds of each page, as JSON; the process is as young as it can be."""
    took = [timed(page)[0] for page in pages_of(name, folder, words, count)]
    print(json.dumps(took))


def run(name, folder, words, count):
    """The whole process in milliseconds, and each of its pages."""
    arguments = [sys.executable, __file__, "--child", name, str(folder), json.dumps(words), str(count)]
    took, ended = timed(lambda: subprocess.run(arguments, check=True, capture_output=True, text=True))
    return took, json.loads(ended.stdout)


def main(todoke, bench):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        lay_out_for_typst(folder)
        form = folder / "form.pdf"
        make = [todoke, "form", "render", "F001", "--sample", "typical", "--out", str(form)]
        ours = min(timed(lambda: subprocess.run(make, check=True))[0] for _ in range(3))
        text = subprocess.run(["pdftotext", "-layout", form, "-"], check=True, capture_output=True, text=True)
        words = [line.strip() for line in text.stdout.splitlines() if line.strip()]
        print(f"todoke: process with one form {ours:.0f} ms, {form.stat().st_size // 1024} KiB")
        for name in ("typst", "weasyprint"):
            process = min(run(name, folder, words, 1)[0] for _ in range(3))
            warm = run(name, folder, words, WARM + 1)[1][1:]
            print(f"{name}: process with one form {process:.0f} ms, warm p50 of {WARM} {statistics.median(warm):.1f} ms")
        for line in subprocess.run([bench, "papers"], check=True, capture_output=True, text=True).stdout.splitlines():
            print(line)


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        child(sys.argv[2], pathlib.Path(sys.argv[3]), json.loads(sys.argv[4]), int(sys.argv[5]))
    else:
        main(*sys.argv[1:3])
