"""List fields in a Book: a row of column labels, and under it rows until the next label, heading or end (P20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from qforms.model import Field, Form
from qforms.office.book import Book, Grid, Place
from qforms.office.values import Labels, Raw, raw_of

_SAME = frozenset(("同上", "〃", "″", "“", "”", '"', "''", "同左上", "ditto", "do.", "idem"))
_TOTALS = ("合计", "小计", "总计", "共计", "total", "subtotal", "sum")
_EXAMPLES = ("例", "示例", "例如", "举例", "样例", "example", "e.g.")
_ROWS = 20_000


@dataclass
class Lists:
    """All list fields found; `claimed` are the cells they take up, which are no labels of anything else."""

    rows: dict[str, tuple[Mapping[str, tuple[Raw, str]], ...]] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    claimed: set[Place] = field(default_factory=set)


@dataclass(frozen=True)
class _Head:
    """A row of column labels: which list it belongs to, and which grid column holds which column of the list."""

    field: Field
    grid: int
    row: int  # the last row of the labels
    columns: Mapping[int, str]  # grid column -> column of the list
    cells: tuple[Place, ...]


def find_lists(book: Book, form: Form, labels: Labels) -> Lists:
    """The rows of every list field of `form`."""
    fields = {f.name: f for f in form.fields if f.fields}
    found = Lists()
    if not fields:
        return found
    heads = list(_heads(book, fields, labels))
    taken = {(h.grid, h.row) for h in heads}
    for head in heads:
        if head.field.name not in found.rows:
            _read(book, head, labels, taken, found)
    for fld in fields.values():
        if fld.name not in found.rows:
            _by_names(book, fld, found)
        if fld.name not in found.rows and fld.rows == 1:
            _by_labels(book, fld, labels, found)
    return found


def _heads(book: Book, fields: Mapping[str, Field], labels: Labels) -> Iterator[_Head]:
    """Header rows in order; the list's own label above tells apart lists with the same columns."""
    used: set[str] = set()
    current = ""
    for g, grid in enumerate(book.grids):
        if grid.hidden:
            continue
        by_row: dict[int, list[int]] = {}
        for row, col in sorted(grid.cells):
            by_row.setdefault(row, []).append(col)
        for row, cols in by_row.items():
            texts = {col: grid.cells[row, col].text.strip() for col in cols}
            for text in texts.values():
                if 0 < len(text) <= 60 and (name := labels.find(text)) in fields:
                    current = str(name)
            head = _head(book, g, row, texts, fields, labels, current, used)
            if head:
                used.add(head.field.name)
                yield head


def _head(
    book: Book,
    g: int,
    row: int,
    texts: Mapping[int, str],
    fields: Mapping[str, Field],
    labels: Labels,
    current: str,
    used: set[str],
) -> _Head | None:
    grid = book.grids[g]
    found: dict[str, dict[int, str]] = {}
    for col, text in texts.items():
        for path in _columns(text, fields, labels) if 0 < len(text) <= 60 else ():
            name, _, column = path.partition(".")
            if column not in found.setdefault(name, {}).values():
                found[name][col] = column
    best = [n for n, columns in found.items() if n not in used and _is_head(grid, row, columns, fields[n])]
    if not best:
        return None
    name = max(best, key=lambda n: (n == current, len(found[n]), _named_below(book, n, g, row)))
    last = max(grid.span(row, col)[2] for col in found[name])
    return _Head(fields[name], g, last, found[name], tuple((g, row, col) for col in texts))


def _columns(text: str, fields: Mapping[str, Field], labels: Labels) -> tuple[str, ...]:
    """The columns that a label means; the list's own label stands over the column that names its rows."""
    own = labels.find(text) or ""
    return (*labels.lists(text), *([f"{own}.{fields[own].rows_of}"] if own in fields and fields[own].rows_of else []))


def _named_below(book: Book, name: str, g: int, row: int) -> bool:
    """Whether a named row of the list (qf_cost_lines__0__amount) stands right under this row."""
    return any(place[:2] == (g, row + 1) for key, place in book.names.items() if key.startswith(f"qf_{name}__"))


def _is_head(grid: Grid, row: int, columns: Mapping[int, str], fld: Field) -> bool:
    """Two column labels side by side; one is enough for a list of one column."""
    if len(fld.fields) == 1:
        return len(columns) == 1
    ends = {grid.span(row, col)[3] + 1 for col in columns}
    return len(columns) >= 2 and any(col in ends for col in columns)


def _read(book: Book, head: _Head, labels: Labels, taken: set[tuple[int, int]], found: Lists) -> None:
    grid, fld = book.grids[head.grid], head.field
    found.claimed.update(head.cells)
    rows: list[Mapping[str, tuple[Raw, str]]] = []
    targets: list[dict[str, str]] = []
    above: dict[str, Raw] = {}
    empty = 0
    row = head.row + 1
    drawn = max(fld.rows, len(_rows_of(fld)), 2)
    last = min(max(grid.height, head.row + drawn + 1), head.row + _ROWS)
    while row < last and (head.grid, row) not in taken and not _ends(grid, head, row, labels):
        cells = _row(book, head, row, above)
        own = {c for c, (raw, place) in cells.items() if place[1] == row and _filled(fld, c, raw)}
        spots = _spots(book, head, row)
        found.claimed.update((head.grid, row, col) for col in _covered(grid, head, row))
        if own and not _left_over(grid, head, row, cells):
            rows.append({c: (raw, book.address(place)) for c, (raw, place) in cells.items()})
            targets.append(spots)
            above = {c: raw for c, (raw, _) in cells.items()}
            empty = 0
        elif not own:
            empty += 1
        if empty >= 2 and row - head.row >= drawn:
            break
        row += 1
    found.rows[fld.name] = tuple(rows)
    found.targets[fld.name] = next(iter(_spots(book, head, head.row + 1).values()))
    for n, spots in enumerate(targets):
        found.targets.update({f"{fld.name}[{n}].{column}": address for column, address in spots.items()})


def _row(book: Book, head: _Head, row: int, above: Mapping[str, Raw]) -> dict[str, tuple[Raw, Place]]:
    """The filled cells of a row; a merged cell counts in every row that it covers, 同上 is the value above."""
    grid = book.grids[head.grid]
    cells: dict[str, tuple[Raw, Place]] = {}
    for col, column in head.columns.items():
        top, left = grid.span(row, col)[:2]
        cell = grid.cells.get((top, left)) if top > head.row else None
        raw = raw_of(cell) if cell else None
        if raw is None:
            continue
        place = (head.grid, top, left)
        if isinstance(raw, str) and raw.casefold() in _SAME:
            if column in above:
                cells[column] = (above[column], (head.grid, row, col))
            continue
        cells[column] = (raw, place)
    return cells


def _filled(fld: Field, column: str, raw: Raw) -> bool:
    """Whether somebody wrote it: not what the blank form has printed, 「□ 围堵 □ 纠正」 or the row's own name."""
    unticked = isinstance(raw, str) and raw[:1] in ("□", "☐") and not any(sign in raw for sign in "■☑☒√✓✔●")
    return not unticked and column != fld.rows_of


def _rows_of(fld: Field) -> tuple[frozenset[str], ...]:
    """The words of each row that the form prints itself (`rows_of`)."""
    column = next((c for c in fld.fields if c.name == fld.rows_of), None)
    choices = column.choices if column else ()
    return tuple(frozenset(w.casefold() for w in (c.label.zh, c.label.en, *c.aliases) if w) for c in choices)


def _spots(book: Book, head: _Head, row: int) -> dict[str, str]:
    grid = book.grids[head.grid]
    return {column: grid.address(*grid.span(row, col)[:2]) for col, column in head.columns.items()}


def _covered(grid: Grid, head: _Head, row: int) -> range:
    """The columns of a list's row: from its first label, or the serial number before it, to its last."""
    first, last = min(c for _, _, c in head.cells), max(c for _, _, c in head.cells)
    return range(first, min(grid.span(head.row, last)[3], last + 60) + 1)


def _ends(grid: Grid, head: _Head, row: int, labels: Labels) -> bool:
    """A heading across the list, or a row that begins with the label of another field, ends it."""
    first = next((c for c in _covered(grid, head, row) if (row, c) in grid.cells), None)
    if first is None:
        return False
    columns, span = sorted(head.columns), grid.span(row, first)
    if len(columns) > 1 and span[1] <= columns[0] and span[3] >= columns[-1]:
        return True
    text = grid.cells[row, first].text.strip()
    if any(text.casefold() in words for words in _rows_of(head.field)):
        return False
    return 0 < len(text) <= 60 and labels.find(text) is not None


def _left_over(grid: Grid, head: _Head, row: int, cells: Mapping[str, tuple[Raw, Place]]) -> bool:
    """A total, or the example that the blank form came with."""
    first = grid.cells.get((row, min(c for _, _, c in head.cells)))
    lead = first.text.strip().strip(":：").casefold() if first else ""
    lead = "".join(lead.split())
    if lead in _TOTALS or lead in _EXAMPLES:
        return True
    examples = {f.name: {t.strip() for t in (f.example.zh, f.example.en) if t} for f in head.field.fields}
    return len(cells) > 1 and all(str(raw) in examples[column] for column, (raw, _) in cells.items())


def _by_names(book: Book, fld: Field, found: Lists) -> None:
    """A list whose column labels are gone, by the names of its cells: qf_cost_lines__0__amount."""
    prefix = f"qf_{fld.name}__"
    rows: dict[int, dict[str, Place]] = {}
    for name, place in book.names.items():
        number, _, column = name.removeprefix(prefix).partition("__")
        if name.startswith(prefix) and number.isdecimal() and not book.grids[place[0]].hidden:
            rows.setdefault(int(number), {})[column] = place
    filled: list[Mapping[str, tuple[Raw, str]]] = []
    for _, places in sorted(rows.items()):
        found.claimed.update(places.values())
        cells = ((c, book.grids[p[0]].at(p[1], p[2]), p) for c, p in places.items())
        line = {c: (raw, book.address(p)) for c, cell, p in cells if cell and (raw := raw_of(cell)) is not None}
        if any(_filled(fld, c, raw) for c, (raw, _) in line.items()):
            found.targets.update({f"{fld.name}[{len(filled)}].{c}": book.address(p) for c, p in places.items()})
            filled.append(line)
    if rows:
        found.rows[fld.name] = tuple(filled)


def _by_labels(book: Book, fld: Field, labels: Labels, found: Lists) -> None:
    """A list of one row that stands as label and value side by side: the cell right of each column's label."""
    for g, grid in enumerate(book.grids):
        places: dict[str, Place] = {}
        heads: list[Place] = []
        for (row, col), cell in sorted(grid.cells.items()):
            text = cell.text.strip()
            path = labels.find(text, within=fld.name) if 0 < len(text) <= 60 and not labels.find(text) else None
            if path and not grid.hidden:
                heads.append((g, row, col))
                places.setdefault(path.partition(".")[2], (g, *grid.span(row, grid.span(row, col)[3] + 1)[:2]))
        if len(places) * 2 < len(fld.fields) or len(places) < 2:
            continue
        cells = ((c, grid.at(p[1], p[2]), p) for c, p in places.items() if p not in heads)
        line = {c: (raw, book.address(p)) for c, cell, p in cells if cell and (raw := raw_of(cell)) is not None}
        found.claimed.update([*heads, *places.values()])
        found.targets.update({f"{fld.name}[0].{c}": book.address(p) for c, p in places.items()})
        found.rows[fld.name] = (line,) if any(_filled(fld, c, raw) for c, (raw, _) in line.items()) else ()
        return
