"""Letters as files: Word, to be changed by hand, and PDF, tagged and with its fonts inside (PDF/UA-1, checked as
it is made).

Every letter begins on a page of its own, below the letterhead, with its heading as a heading. The wording is data here:
what a manager or a case holds is never read as markup.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Sequence
from typing import Any

from allocator.errors import UsageError
from allocator.report.wording import Letter

# laid out by Typst: A4, ragged right, room for a window envelope above the heading
LAYOUT = r"""
#let d = json(bytes(sys.inputs.data))
#set document(title: d.title, author: d.author)
#set page(paper: "a4", margin: (x: 25mm, y: 30mm))
#set text(lang: "en", region: "GB", size: 11.5pt)
#set par(leading: 0.75em, spacing: 1.3em)
#show heading: set text(size: 15pt)
#show heading: set block(below: 1.4em)
#show regex("https?://[^\\s]*[^\\s.,;:!?)]"): it => link(it.text)
#for (n, l) in d.letters.enumerate() {
  if n > 0 { pagebreak() }
  if d.head.len() > 0 {
    align(right, text(size: 10pt, par(leading: 0.6em, (strong(d.head.first()), ..d.head.slice(1)).join(linebreak()))))
    v(1.5em)
  }
  heading(level: 1, outlined: true, l.heading)
  for p in l.paragraphs { par(p.join(linebreak())) }
}
"""


def pdf(letters: Sequence[Letter], author: str, on: dt.date, head: Sequence[str] = ()) -> bytes:
    """The letters as one PDF, `head` (lines, the sender's name first) at the top of each. Raises UsageError when a
    letter holds a character that no font here can show."""
    import typst

    data = {
        "title": letters[0].heading if len(letters) == 1 else f"{len(letters)} letters",
        "author": author,
        "head": list(head),
        "letters": [{"heading": x.heading, "paragraphs": [p.split("\n") for p in _below(x, head)]} for x in letters],
    }
    at = dt.datetime(on.year, on.month, on.day, tzinfo=dt.UTC)  # the same letters are the same bytes
    try:
        made: Any = typst.compile(
            LAYOUT.encode(), sys_inputs={"data": json.dumps(data)}, pdf_standards=["ua-1"], timestamp=at
        )
    except typst.TypstError as error:
        raise UsageError(
            f"This PDF would not be readable by everybody: {error}. Change the wording, or take the "
            "letters as Word files."
        ) from None
    return bytes(made)


def _below(letter: Letter, head: Sequence[str]) -> list[str]:
    """What stands below the letterhead: its office and telephone are not said a second time under the name."""
    *body, foot = letter.paragraphs or ("",)
    return [p for p in (*body, "\n".join(line for line in foot.split("\n") if line not in head[1:])) if p]


def word(letters: Sequence[Letter], author: str, on: dt.date, head: Sequence[str] = ()) -> bytes:
    """The letters as one Word document, `head` (lines, the sender's name first) at the top of each."""
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt, RGBColor

    made = Document()
    made.core_properties.author, made.core_properties.language = author, "en-GB"
    made.core_properties.title = letters[0].heading if len(letters) == 1 else f"{len(letters)} letters"
    made.core_properties.created = made.core_properties.modified = dt.datetime(on.year, on.month, on.day)
    section = made.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(25)
    normal: Any = made.styles["Normal"]
    normal.font.name, normal.font.size = "Arial", Pt(11)
    language = normal.element.get_or_add_rPr().makeelement(qn("w:lang"), {qn("w:val"): "en-GB"})
    normal.element.get_or_add_rPr().append(language)
    heading: Any = made.styles["Heading 1"]
    heading.font.name, heading.font.size, heading.font.color.rgb = "Arial", Pt(15), RGBColor(0, 0, 0)
    fonts = heading.element.rPr.rFonts
    for theme in [key for key in fonts.attrib if key.endswith("Theme")]:  # else Word takes the theme's own
        del fonts.attrib[theme]
    heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(0), Pt(14)
    for n, letter in enumerate(letters):
        first: Any = None
        if head:
            first = made.add_paragraph()
            first.alignment, first.paragraph_format.space_after = WD_ALIGN_PARAGRAPH.RIGHT, Pt(28)
            first.add_run(head[0]).bold = True
            first.add_run("".join(f"\n{line}" for line in head[1:]))
        title = made.add_heading(letter.heading, level=1)
        (first or title).paragraph_format.page_break_before = n > 0
        for text in _below(letter, head):
            made.add_paragraph(text)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()
