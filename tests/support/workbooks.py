"""A small writer of workbooks for tests: cells by their place, and what may be wrong."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
DAY_FORMAT = '<numFmt numFmtId="164" formatCode="dd/mm/yyyy&quot;.&quot;"/>'
SUM_FORMAT = '<numFmt numFmtId="165" formatCode="[Red]#,##0.00\\ &quot;din&quot;"/>'
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts>{DAY_FORMAT}{SUM_FORMAT}</numFmts><cellXfs>'
    '<xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/>'
    "</cellXfs></styleSheet>"
)


def number(value: object, style: int = 0) -> str:
    return f'<c r="@" s="{style}"><v>{value}</v></c>'


def text(value: str) -> str:
    return f'<c r="@" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def formula(value: object) -> str:
    return f'<c r="@"><f>SUM(A1:A2)</f>{f"<v>{value}</v>" if value != "" else ""}</c>'


def rows_xml(rows: Sequence[Sequence[str]]) -> str:
    """Cells as XML; each @ becomes the cell's place, an empty one is left out."""
    return "".join(
        f'<row r="{n}">'
        + "".join(cell.replace('r="@"', f'r="{chr(65 + at)}{n}"') for at, cell in enumerate(row))
        + "</row>"
        for n, row in enumerate(rows, start=1)
    )


def sheet_xml(rows: str, merged: Sequence[str] = ()) -> str:
    cells = "".join(f'<mergeCell ref="{ref}"/>' for ref in merged)
    merges = f"<mergeCells>{cells}</mergeCells>" if merged else ""
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{merges}</worksheet>'


def workbook(
    sheets: Mapping[str, str],
    *,
    hidden: Sequence[str] = (),
    texts: Sequence[str] = (),
    properties: str = "",
    more: Mapping[str, bytes] | None = None,
) -> bytes:
    names = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="r{n}"'
        + (' state="hidden"/>' if name in hidden else "/>")
        for n, name in enumerate(sheets, start=1)
    )
    links = "".join(
        f'<Relationship Id="r{n}" Type="{REL}/worksheet" Target="worksheets/s{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    strings = "".join(f"<si>{one}</si>" for one in texts)
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}"><Relationship Id="m" '
        f'Type="{REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{REL}">{properties}'
        f"<sheets>{names}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}">{links}'
        f'<Relationship Id="t" Type="{REL}/sharedStrings" Target="/xl/strings.xml"/>'
        f'<Relationship Id="y" Type="{REL}/styles" Target="styles.xml"/></Relationships>',
        "xl/strings.xml": f'<sst xmlns="{MAIN}">{strings}</sst>',
        "xl/styles.xml": STYLES,
        **{f"xl/worksheets/s{n}.xml": xml for n, xml in enumerate(sheets.values(), start=1)},
        **(more or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()
