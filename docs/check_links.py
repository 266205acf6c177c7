#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says which links within a built site lead nowhere: check_links.py FOLDER.

Links to other sites are not followed.
"""
import html.parser
import pathlib
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
    """Its links, and the names that links can end with."""

    def __init__(self, path):
        super().__init__()
        self.links, self.names = [], {"", "top"}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.names.update(filter(None, (attrs.get("id"), attrs.get("name"))))
        link = attrs.get("href") if tag in ("a", "link") else attrs.get("src")
        if link is not None:
            self.links.append(link)


def target_of(root, page, path):
    """The file that a link of a page leads to."""
    path = urllib.parse.unquote(path)
    if not path:
        return page
    target = root / path.lstrip("/") if path.startswith("/") else page.parent / path
    return target / "index.html" if path.endswith("/") or target.is_dir() else target


def faults(root):
    pages = {path.resolve(): Page(path) for path in sorted(root.rglob("*.html"))}
    found, links = [], 0
    for path, page in pages.items():
        # The page of what was not found is shown anywhere, so its links begin at the root.
        for link in page.links:
            parts = urllib.parse.urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            links += 1
            target = target_of(root, path, parts.path).resolve()
            if not target.exists():
                found.append(f"{path.relative_to(root)}: '{link}' leads nowhere")
            elif target in pages and urllib.parse.unquote(parts.fragment) not in pages[target].names:
                found.append(f"{path.relative_to(root)}: '{link}' ends at no such place")
    return found, len(pages), links


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    found, pages, links = faults(root)
    for line in found:
        print(line)
    print(f"{pages} pages, {links} links within the site, {len(found)} dead")
    return 1 if found or not links else 0


if __name__ == "__main__":
    raise SystemExit(main())
