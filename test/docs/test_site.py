# Copyright 2026 spike_depth_ros maintainers
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""The documents build as a site, and their links lead somewhere."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKIPPED = {'.venv', 'build', 'install', 'log', 'runs', '.pytest_cache', '.hypothesis'}
PAGES = sorted(
    path for path in ROOT.rglob('*.md') if not SKIPPED & set(path.relative_to(ROOT).parts)
)
LINK = re.compile(r'\]\(([^)\s]+)\)')


def without_code(text: str) -> str:
    """Return a page without its blocks and spans of code."""
    return re.sub(r'`[^`\n]+`', '', re.sub(r'^```.*?^```', '', text, flags=re.M | re.S))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and mkdocs name them."""
    headings = re.findall(r'^#+ (.+)$', page.read_text(), re.MULTILINE)
    plain = [re.sub(r'[^\w\- ]', '', heading.lower()) for heading in headings]
    return {re.sub(r' ', '-', heading.strip()) for heading in plain}


def links(page: Path) -> Iterator[str]:
    """Yield the links of a page that stay in the checkout."""
    found = LINK.findall(without_code(page.read_text()))
    yield from (link for link in found if not link.startswith(('http://', 'https://', 'mailto:')))


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page: Path) -> None:
    broken = []
    for link in links(page):
        name, _, anchor = link.partition('#')
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_links_stay_in_the_site() -> None:
    """A page of docs/ that linked to a file outside would be broken in the site."""
    docs = ROOT / 'docs'
    outside = [
        f'{page.name}: {link}'
        for page in PAGES
        if page.is_relative_to(docs)
        for link in links(page)
        if not (page.parent / link.partition('#')[0]).resolve().is_relative_to(docs)
    ]
    assert outside == []


def test_mkdocs_builds_the_site_without_a_warning(tmp_path: Path) -> None:
    site = tmp_path / 'site'
    done = subprocess.run(
        [sys.executable, '-m', 'mkdocs', 'build', '--quiet', '--site-dir', str(site)],
        cwd=ROOT,
        text=True,
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, '')
    pages = {
        path.relative_to(ROOT / 'docs') for path in PAGES if path.is_relative_to(ROOT / 'docs')
    }
    assert {page.with_suffix('.html') for page in pages} <= {
        path.relative_to(site) for path in site.rglob('*.html')
    }
