"""The ratios to the limit as bars, in an SVG that needs no library to write and none to read."""

from collections.abc import Iterator

from tests.bench.tables import Line
from tests.bench.targets import KINDS

_WIDTH, _ROW, _NAMES, _BAR = 760, 26, 270, 400
_OURS, _OTHERS = "#1a5fb4", "#9a9996"


def svg(found: list[Line], connections: int, titles: dict[str, str]) -> str:
    """One group of bars for each kind of work."""
    rows: list[str] = []
    y = 10
    for work, title in titles.items():
        lines = [line for line in found if (line.work, line.connections) == (work, connections)]
        if not lines:
            continue
        y += _ROW
        rows.append(f'<text x="10" y="{y}" font-weight="bold">{title}, {connections} connections</text>')
        for line in sorted(lines, key=lambda each: -(each.of_the_limit or 0)):
            y += _ROW
            rows += _bar(line, y)
    height = y + _ROW
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" font-size="14">',
            "<style>text { font-family: sans-serif }</style>",
            "<title>Requests per second, as a ratio to the limit</title>",
            f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
            *rows,
            "</svg>\n",
        ]
    )


def _bar(line: Line, y: int) -> Iterator[str]:
    ratio = line.of_the_limit or 0
    width = max(1, round(ratio * _BAR))
    color = _OURS if line.target == "product" else _OTHERS
    name = KINDS[line.target].title.replace("**", "")
    yield f'<text x="{_NAMES}" y="{y}" text-anchor="end">{name}</text>'
    yield f'<rect x="{_NAMES + 10}" y="{y - 13}" width="{width}" height="16" fill="{color}"/>'
    yield f'<text x="{_NAMES + 16 + width}" y="{y}">{ratio:.2f}</text>'
