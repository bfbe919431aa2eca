#!/usr/bin/env python3
"""charts.py - charts of a report as pictures of their own.

    python3 tests/bench/study/charts.py REPORT.html HEADING FILE.svg

Writes the first chart ("by gradient steps") below the heading, such as "test held-out", with as much
of the page's style as it needs.
SPDX-License-Identifier: Apache-2.0"""
import html
import re
import sys

MARGIN = 24  # around the chart, for labels that stand out of it


def style_of(page):
    """The page's rules for charts, and its colours."""
    rules = re.search(r"<style>(.*?)</style>", page, re.S).group(1)
    wanted = r"^(:root|@media|svg|rect|\.(grid|axis|line|thin|band|dot|hollow|near|c0))"
    return "\n".join(line for line in rules.splitlines() if re.match(wanted, line))


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__.split("\n\n")[1].strip())
    page = open(sys.argv[1], encoding="utf-8").read()
    start = page.find(f"<h3>{html.escape(sys.argv[2])} <", page.find("Does it learn?</h2>"))
    chart = re.compile(r'<svg viewBox="[^"]*" role="img".*?</svg>', re.S).search(page, start)
    if start < 0 or not chart:
        sys.exit(f"charts.py: {sys.argv[1]}: no chart below the heading {sys.argv[2]!r}")
    svg = chart.group(0)
    width, height = map(float, re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())
    box = f'viewBox="{-MARGIN} {-MARGIN} {width + 2 * MARGIN:g} {height + 2 * MARGIN:g}"'
    svg = re.sub(r'viewBox="[^"]*"', box, svg, count=1)
    head, body = svg.split(">", 1)
    with open(sys.argv[3], "w", encoding="utf-8") as out:
        out.write(head.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg" font-family='
                                       '"system-ui, sans-serif"') +
                  f' width="{width + 2 * MARGIN:g}"><style>{style_of(page)}</style>'
                  f'<rect x="{-MARGIN}" y="{-MARGIN}" width="100%" height="100%" '
                  'style="fill:var(--page);stroke:none"/>' + body + "\n")


main()
