#!/usr/bin/env python3
"""Checks PDF files with programs that are not ours: PDF/A-2u with `page` (PyPI: page-validation) and
pdf_oxide, and the file's structure with qpdf (PyPI: pikepdf).

    python3 -m venv VENV && VENV/bin/pip install page-validation pdf_oxide pikepdf
    VENV/bin/python tests/pdf-a.py FOLDER

Prints every file that one of them refuses, and counts; status 1 when there is one.
"""

import collections
import pathlib
import sys

import page
import pdf_oxide
import pikepdf


def faults(file):
    report = page.validate_pdf(file, profile=page.ValidationProfile.PDF_A_2U)
    if not report.is_compliant:
        yield "page", [(one.rule_id, one.message) for one in report.failures]
    said = pdf_oxide.PdfDocument(file).validate_pdf_a("2u")
    if not said["valid"]:
        yield "pdf_oxide", said["errors"]
    with pikepdf.open(file) as document:
        problems = document.check_pdf_syntax()
    if problems:
        yield "qpdf", problems


files = sorted(str(path) for path in pathlib.Path(sys.argv[1]).glob("*.pdf"))
refused = collections.Counter()
for file in files:
    for checker, what in faults(file):
        refused[checker] += 1
        print(checker, file, what)
print(f"{len(files)} files, refused: {dict(refused) or 'none'}")
sys.exit(1 if refused or not files else 0)
