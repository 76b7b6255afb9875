"""A workbook as offices have them, written part by part: charts, picture, shape, comments and conversations, pivot
table, slicer, sparklines, rules of Excel 2010, connection, external link, custom XML, label, macros."""

from __future__ import annotations

import base64
from pathlib import Path

from support_package import HEAD, MAIN, OFFICE, TITLE, TYPE, figure, package, relations, row, table, text, worksheet

MS = "http://schemas.microsoft.com/office"
X14 = f"{MS}/spreadsheetml/2009/9/main"
XM = f"{MS}/excel/2006/main"
DRAW = "http://schemas.openxmlformats.org/drawingml/2006"
COLUMNS = ("编号", "数量", "双", "选择")
TWICE = "List1_[[#This Row],[数量]]*2"
MACROS = bytes(range(256)) * 8  # never opened here: only whether it is the same
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def rich(path: Path, *, totals: bool = False) -> Path:
    """The book; with `totals` its table has a totals row, and formulas are chained. A name ending in m has macros."""
    last, end = 4, 5 if totals else 4
    macro = path.suffix == ".xlsm"
    extra, kinds = dict(_extras()), dict(_KINDS)
    links = [
        ("rIdP", f"{OFFICE}/pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml"),
        ("rIdX", f"{OFFICE}/externalLink", "externalLinks/externalLink1.xml"),
        ("rIdK", f"{OFFICE}/connections", "connections.xml"),
        ("rIdW", "http://schemas.microsoft.com/office/2017/10/relationships/person", "persons/person.xml"),
        ("rIdL", f"{MS}/2007/relationships/slicerCache", "slicerCaches/slicerCache1.xml"),
        ("rIdE", f"{OFFICE}/theme", "theme/theme1.xml"),
    ]
    if macro:
        extra["xl/vbaProject.bin"] = MACROS
        kinds["xl/vbaProject.bin"] = "application/vnd.ms-office.vbaProject"
        kinds["xl/workbook.xml"] = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
        links.append(("rIdV", f"{MS}/2006/relationships/vbaProject", "vbaProject.bin"))
    if totals:
        cells = "".join(f'<c r="C{n}"{" i=" + chr(34) + "1" + chr(34) if n == 2 else ""}/>' for n in range(2, 5))
        extra["xl/calcChain.xml"] = f'{HEAD}<calcChain xmlns="{MAIN}">{cells}<c r="B5"/></calcChain>'
        kinds["xl/calcChain.xml"] = TYPE + "calcChain+xml"
        links.append(("rIdC", f"{OFFICE}/calcChain", "calcChain.xml"))
    names = (
        f'<definedName name="_xlnm.Print_Area" localSheetId="0">{TITLE}!$A$1:$D${end}</definedName>'
        f'<definedName name="quantities">{TITLE}!$B$2:$B${last}</definedName>'
        '<definedName name="fixed">42</definedName>'
    )
    tail = '<externalReferences><externalReference r:id="rIdX"/></externalReferences>'
    after = f'<calcPr calcId="191029"/><pivotCaches><pivotCache cacheId="1" r:id="rIdP"/></pivotCaches>{_BOOK_EXT}'
    return package(
        path,
        {TITLE: _sheet(last, totals), "透视": _pivot_sheet(), "图": worksheet(row(1, text("A1", "另一张表")))},
        tables={TITLE: [_table(end, totals)]},
        names=names,
        before_names=tail,
        workbook=after,
        extra=extra,
        overrides=kinds,
        workbook_rels=links,
        rels={
            TITLE: [
                ("rIdD", f"{OFFICE}/drawing", "../drawings/drawing1.xml"),
                ("rIdV", f"{OFFICE}/vmlDrawing", "../drawings/vmlDrawing1.vml"),
                ("rIdC", f"{OFFICE}/comments", "../comments1.xml"),
                ("rIdTC", f"{MS}/2017/10/relationships/threadedComment", "../threadedComments/threadedComment1.xml"),
                ("rIdS", f"{MS}/2007/relationships/slicer", "../slicers/slicer1.xml"),
                ("rIdP", f"{OFFICE}/printerSettings", "../printerSettings/printerSettings1.bin"),
                ("rIdH", f"{OFFICE}/hyperlink", "https://example.com/a?b=1"),
            ],
            "透视": [("rIdPT", f"{OFFICE}/pivotTable", "../pivotTables/pivotTable1.xml")],
        },
    )


_BOOK_EXT = (
    '<extLst><ext uri="{46BE6895-7355-4a93-B00E-2C351335B9C9}" xmlns:x15="http://schemas.microsoft.com/office/'
    'spreadsheetml/2010/11/main"><x15:slicerCaches xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/'
    'main"><x14:slicerCache r:id="rIdL"/></x15:slicerCaches></ext></extLst>'
)


def _sheet(last: int, totals: bool) -> str:
    data = row(1, *(text(f"{c}1", words) for c, words in zip("ABCD", COLUMNS, strict=True)))
    for n in range(2, last + 1):
        twice = f'<c r="C{n}"><f>{TWICE}</f><v>{2 * n}</v></c>'
        data += row(n, text(f"A{n}", f"A{n}", 2), figure(f"B{n}", n), twice, text(f"D{n}", "甲"), about=' ht="20"')
    if totals:
        data += row(5, text("A5", "合计"), '<c r="B5"><f>SUBTOTAL(109,List1_[数量])</f><v>9</v></c>')
    span = f"B2:B{last}"
    tail = (
        '<sheetProtection password="CF1A" sheet="0"/>'
        f'<protectedRanges><protectedRange password="CC1A" sqref="{span}" name="数量"/></protectedRanges>'
        f'<conditionalFormatting sqref="{span}"><cfRule type="dataBar" priority="1"><dataBar><cfvo type="min"/>'
        '<cfvo type="max"/><color rgb="FF638EC6"/></dataBar><extLst><ext xmlns:x14="' + X14 + '" '
        'uri="{B025F937-C7B1-47D3-B67F-A62EFF666E3E}"><x14:id>{DA7ABA51-AAAA-BBBB-0001-000000000001}</x14:id></ext>'
        "</extLst></cfRule></conditionalFormatting>"
        f'<dataValidations count="1"><dataValidation type="whole" sqref="{span}"><formula1>0</formula1><formula2>99'
        "</formula2></dataValidation></dataValidations>"
        '<hyperlinks><hyperlink ref="A2" r:id="rIdH"/></hyperlinks>'
        '<pageMargins left="0.7" right="0.7" top="0.75" bottom="0.75" header="0.3" footer="0.3"/>'
        '<pageSetup paperSize="9" orientation="landscape" r:id="rIdP"/>'
        f'<ignoredErrors><ignoredError sqref="A2:A{last}" numberStoredAsText="1"/></ignoredErrors>'
        '<drawing r:id="rIdD"/><legacyDrawing r:id="rIdV"/><tableParts count="1"><tablePart r:id="rIdT1"/></tableParts>'
        f'<extLst><ext xmlns:x14="{X14}" uri="{{78C0D931-6437-407d-A8EE-F0AAD7539E65}}"><x14:conditionalFormattings>'
        f'<x14:conditionalFormatting xmlns:xm="{XM}"><x14:cfRule type="dataBar" '
        'id="{DA7ABA51-AAAA-BBBB-0001-000000000001}"><x14:dataBar minLength="0" maxLength="100"><x14:cfvo '
        'type="autoMin"/><x14:cfvo type="autoMax"/><x14:negativeFillColor rgb="FFFF0000"/><x14:axisColor '
        f'rgb="FF000000"/></x14:dataBar></x14:cfRule><xm:sqref>{span}</xm:sqref></x14:conditionalFormatting>'
        f'</x14:conditionalFormattings></ext><ext xmlns:x14="{X14}" uri="{{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}}">'
        f'<x14:dataValidations xmlns:xm="{XM}" count="1"><x14:dataValidation type="list" allowBlank="1"><x14:formula1>'
        f"<xm:f>图!$A$1:$A$9</xm:f></x14:formula1><xm:sqref>D2:D{last}</xm:sqref></x14:dataValidation>"
        f'</x14:dataValidations></ext><ext xmlns:x14="{X14}" uri="{{05C60535-1F16-4fd2-B633-F4F36F0B64E0}}">'
        f'<x14:sparklineGroups xmlns:xm="{XM}"><x14:sparklineGroup><x14:colorSeries rgb="FF376092"/><x14:sparklines>'
        f"<x14:sparkline><xm:f>{TITLE}!B2:C2</xm:f><xm:sqref>F2</xm:sqref></x14:sparkline></x14:sparklines>"
        f'</x14:sparklineGroup></x14:sparklineGroups></ext><ext xmlns:x14="{X14}" '
        'uri="{A8765BA9-456A-4dab-B4F3-ACF838C121DE}"><x14:slicerList><x14:slicer r:id="rIdS"/></x14:slicerList></ext>'
        "</extLst>"
    )
    return worksheet(data, tail, dimension=f"A1:D{last + totals}")


def _table(end: int, totals: bool) -> str:
    shown = "".join(f'<tableColumn id="{i}" name="{c}"/>' for i, c in enumerate(COLUMNS, 1))
    calculated = f'name="双"><calculatedColumnFormula>{TWICE}</calculatedColumnFormula></tableColumn>'
    shown = shown.replace('name="双"/>', calculated)
    more = f'<tableColumns count="4">{shown}</tableColumns>'
    return table(1, f"A1:D{end}", (), more, ' totalsRowCount="1"' if totals else "")


def _pivot_sheet() -> str:
    return worksheet(row(3, text("A3", "编号"), text("B3", "求和")) + row(4, text("A4", "A2"), figure("B4", 2)))


_KINDS = {
    "xl/drawings/drawing1.xml": "application/vnd.openxmlformats-officedocument.drawing+xml",
    "xl/charts/chart1.xml": "application/vnd.openxmlformats-officedocument.drawingml.chart+xml",
    "xl/comments1.xml": TYPE + "comments+xml",
    "xl/threadedComments/threadedComment1.xml": "application/vnd.ms-excel.threadedcomments+xml",
    "xl/persons/person.xml": "application/vnd.ms-excel.person+xml",
    "xl/slicers/slicer1.xml": "application/vnd.ms-excel.slicer+xml",
    "xl/slicerCaches/slicerCache1.xml": "application/vnd.ms-excel.slicerCache+xml",
    "xl/pivotCache/pivotCacheDefinition1.xml": TYPE + "pivotCacheDefinition+xml",
    "xl/pivotTables/pivotTable1.xml": TYPE + "pivotTable+xml",
    "xl/externalLinks/externalLink1.xml": TYPE + "externalLink+xml",
    "xl/connections.xml": TYPE + "connections+xml",
    "xl/theme/theme1.xml": "application/vnd.openxmlformats-officedocument.theme+xml",
    "xl/printerSettings/printerSettings1.bin": TYPE + "printerSettings",
    "customXml/itemProps1.xml": "application/vnd.openxmlformats-officedocument.customXmlProperties+xml",
    "docMetadata/LabelInfo.xml": "application/vnd.ms-office.classificationlabels+xml",
}


def _extras() -> dict[str, str | bytes]:
    return {
        "xl/drawings/drawing1.xml": _drawing(),
        "xl/drawings/_rels/drawing1.xml.rels": relations(
            [("rId1", f"{OFFICE}/chart", "../charts/chart1.xml"), ("rId2", f"{OFFICE}/image", "../media/image1.png")]
        ),
        "xl/charts/chart1.xml": _chart(),
        "xl/media/image1.png": PNG,
        "xl/comments1.xml": f'{HEAD}<comments xmlns="{MAIN}"><authors><author>王芳</author><author>tc={{1}}</author>'
        '</authors><commentList><comment ref="B2" authorId="0"><text><r><rPr><b/></rPr><t>王芳：</t></r><r><t>请核对'
        '</t></r></text></comment><comment ref="B3" authorId="1"><text><t>[Threaded comment]</t></text></comment>'
        "</commentList></comments>",
        "xl/drawings/vmlDrawing1.vml": _vml(),
        "xl/threadedComments/threadedComment1.xml": f'{HEAD}<ThreadedComments xmlns="{MS}/spreadsheetml/2018/'
        'threadedcomments"><threadedComment ref="B3" dT="2026-05-06T01:02:03.00" personId="{2}" id="{1}"><text>谁负责？'
        "</text></threadedComment></ThreadedComments>",
        "xl/persons/person.xml": f'{HEAD}<personList xmlns="{MS}/spreadsheetml/2018/threadedcomments"><person '
        'displayName="李雷" id="{2}" userId="l" providerId="None"/></personList>',
        "xl/slicers/slicer1.xml": f'{HEAD}<slicers xmlns="{X14}"><slicer name="编号" cache="Slicer_A" caption="编号" '
        'rowHeight="241300"/></slicers>',
        "xl/slicerCaches/slicerCache1.xml": f'{HEAD}<slicerCacheDefinition xmlns="{X14}" name="Slicer_A" '
        f'sourceName="编号"><extLst><x:ext xmlns:x="{MAIN}" uri="{{2F2917AC-EB37-4324-AD4E-5DD8C200BD13}}">'
        f'<x15:tableSlicerCache xmlns:x15="{MS}/spreadsheetml/2010/11/main" tableId="1" column="1"/></x:ext></extLst>'
        "</slicerCacheDefinition>",
        "xl/pivotCache/pivotCacheDefinition1.xml": f'{HEAD}<pivotCacheDefinition xmlns="{MAIN}" saveData="0" '
        'refreshOnLoad="1"><cacheSource type="worksheet"><worksheetSource name="List1_"/></cacheSource><cacheFields '
        f'count="4">{"".join(f"<cacheField name={chr(34)}{c}{chr(34)}><sharedItems/></cacheField>" for c in COLUMNS)}'
        "</cacheFields></pivotCacheDefinition>",
        "xl/pivotTables/pivotTable1.xml": _PIVOT,
        "xl/pivotTables/_rels/pivotTable1.xml.rels": relations(
            [("rId1", f"{OFFICE}/pivotCacheDefinition", "../pivotCache/pivotCacheDefinition1.xml")]
        ),
        "xl/externalLinks/externalLink1.xml": f'{HEAD}<externalLink xmlns="{MAIN}" xmlns:r="{OFFICE}"><externalBook '
        'r:id="rId1"><sheetNames><sheetName val="S"/></sheetNames></externalBook></externalLink>',
        "xl/externalLinks/_rels/externalLink1.xml.rels": relations(
            [("rId1", f"{OFFICE}/externalLinkPath", "file:///c:/other.xlsx")]
        ),
        "xl/connections.xml": f'{HEAD}<connections xmlns="{MAIN}"><connection id="1" name="q" type="5" '
        'refreshedVersion="6"><dbPr connection="Provider=x" command="SELECT 1"/></connection></connections>',
        "xl/theme/theme1.xml": f'{HEAD}<a:theme xmlns:a="{DRAW}/main" name="t"/>',
        "xl/printerSettings/printerSettings1.bin": bytes(64),
        "customXml/item1.xml": "<erp><order>4711</order></erp>",
        "customXml/itemProps1.xml": f'{HEAD}<ds:datastoreItem ds:itemID="{{3}}" xmlns:ds="http://schemas.'
        'openxmlformats.org/officeDocument/2006/customXml"/>',
        "docMetadata/LabelInfo.xml": f'<clbl:labelList xmlns:clbl="{MS}/2020/mipLabelMetadata"/>',
    }


def _drawing() -> str:
    def anchor(first: int, last: int, inner: str) -> str:
        places = [
            f"<xdr:{tag}><xdr:col>{c}</xdr:col><xdr:colOff>0</xdr:colOff><xdr:row>{r}</xdr:row><xdr:rowOff>0"
            f"</xdr:rowOff></xdr:{tag}>"
            for tag, c, r in (("from", 7, first), ("to", 12, last))
        ]
        return f"<xdr:twoCellAnchor>{''.join(places)}{inner}<xdr:clientData/></xdr:twoCellAnchor>"

    frame = '<a:xfrm><a:off x="0" y="0"/><a:ext cx="100" cy="100"/></a:xfrm>'
    chart = (
        '<xdr:graphicFrame macro=""><xdr:nvGraphicFramePr><xdr:cNvPr id="2" name="图表"/><xdr:cNvGraphicFramePr/>'
        f'</xdr:nvGraphicFramePr>{frame.replace("a:xfrm", "xdr:xfrm")}<a:graphic><a:graphicData uri="{DRAW}/chart">'
        f'<c:chart xmlns:c="{DRAW}/chart" r:id="rId1"/></a:graphicData></a:graphic></xdr:graphicFrame>'
    )
    picture = (
        '<xdr:pic><xdr:nvPicPr><xdr:cNvPr id="3" name="图片"/><xdr:cNvPicPr/></xdr:nvPicPr><xdr:blipFill><a:blip '
        'r:embed="rId2"/><a:stretch><a:fillRect/></a:stretch></xdr:blipFill><xdr:spPr>'
        + frame
        + '<a:prstGeom prst="rect">'
        "<a:avLst/></a:prstGeom></xdr:spPr></xdr:pic>"
    )
    shape = (
        '<xdr:sp macro="" textlink=""><xdr:nvSpPr><xdr:cNvPr id="4" name="文本框"/><xdr:cNvSpPr txBox="1"/>'
        "</xdr:nvSpPr>"
        f'<xdr:spPr>{frame}<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></xdr:spPr><xdr:txBody><a:bodyPr/><a:p><a:r>'
        "<a:t>说明</a:t></a:r></a:p></xdr:txBody></xdr:sp>"
    )
    body = anchor(1, 9, chart) + anchor(10, 12, picture) + anchor(13, 15, shape)
    spaces = f'xmlns:xdr="{DRAW}/spreadsheetDrawing" xmlns:a="{DRAW}/main" xmlns:r="{OFFICE}"'
    return f"{HEAD}<xdr:wsDr {spaces}>{body}</xdr:wsDr>"


def _chart() -> str:
    return (
        f'{HEAD}<c:chartSpace xmlns:c="{DRAW}/chart" xmlns:a="{DRAW}/main"><c:chart><c:plotArea><c:layout/><c:barChart>'
        '<c:barDir val="col"/><c:grouping val="clustered"/><c:ser><c:idx val="0"/><c:order val="0"/><c:tx><c:strRef>'
        f"<c:f>{TITLE}!$B$1</c:f></c:strRef></c:tx><c:cat><c:strRef><c:f>{TITLE}!$A$2:$A$4</c:f></c:strRef></c:cat><c:val>"
        f'<c:numRef><c:f>{TITLE}!$B$2:$B$4</c:f></c:numRef></c:val></c:ser><c:axId val="1"/><c:axId val="2"/>'
        '</c:barChart><c:catAx><c:axId val="1"/><c:scaling/><c:delete val="0"/><c:axPos val="b"/><c:crossAx val="2"/>'
        '</c:catAx><c:valAx><c:axId val="2"/><c:scaling/><c:delete val="0"/><c:axPos val="l"/><c:crossAx val="1"/>'
        '</c:valAx></c:plotArea><c:plotVisOnly val="1"/></c:chart></c:chartSpace>'
    )


def _vml() -> str:
    shapes = "".join(
        f'<v:shape id="_x0000_s{1024 + n}" type="#_x0000_t202" style="visibility:hidden"><v:textbox><br></v:textbox>'
        f'<x:ClientData ObjectType="Note"><x:Anchor>3, 15, {n}, 2, 5, 15, {n + 4}, 4</x:Anchor><x:Row>{n}</x:Row>'
        "<x:Column>1</x:Column></x:ClientData></v:shape>"
        for n in (1, 2)
    )
    return (
        '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
        'xmlns:x="urn:schemas-microsoft-com:office:excel"><v:shapetype id="_x0000_t202" coordsize="21600,21600" '
        f'o:spt="202" path="m,l,21600r21600,l21600,xe"></v:shapetype>{shapes}</xml>'
    )


_PIVOT = (
    f'{HEAD}<pivotTableDefinition xmlns="{MAIN}" name="P" cacheId="1" dataCaption="v"><location ref="A3:B4" '
    'firstHeaderRow="1" firstDataRow="1" firstDataCol="1"/><pivotFields count="4"><pivotField axis="axisRow" '
    'showAll="0"/><pivotField dataField="1" showAll="0"/><pivotField showAll="0"/><pivotField showAll="0"/>'
    '</pivotFields><rowFields count="1"><field x="0"/></rowFields><dataFields count="1">'
    '<dataField name="求和" fld="1"/></dataFields>'
    "</pivotTableDefinition>"
)
