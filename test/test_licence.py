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

"""Each source file states the licence, as ament_copyright reads it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ('bench', 'docs', 'launch', 'spike_depth_ros', 'stress', 'test', 'testing')
HEADER = """\
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
"""
# From ament_copyright/template/apache2_contributing.txt.
AMENT_CONTRIBUTING = """\
Any contribution that you make to this repository will
be under the Apache 2 License, as dictated by that
[license](http://www.apache.org/licenses/LICENSE-2.0.html):

~~~
5. Submission of Contributions. Unless You explicitly state otherwise,
   any Contribution intentionally submitted for inclusion in the Work
   by You to the Licensor shall be under the terms and conditions of
   this License, without any additional terms or conditions.
   Notwithstanding the above, nothing herein shall supersede or modify
   the terms of any separate license agreement you may have executed
   with Licensor regarding such Contributions.
~~~
"""


@pytest.mark.parametrize('folder', FOLDERS)
def test_each_source_file_begins_with_the_licence(folder: str) -> None:
    contents = {path: path.read_text() for path in (ROOT / folder).rglob('*.py')}
    bare = [
        str(path.relative_to(ROOT))
        for path, content in contents.items()
        if content and not content.startswith(HEADER + '\n')
    ]
    assert contents and not bare


def test_setup_py_begins_with_the_licence() -> None:
    assert (ROOT / 'setup.py').read_text().startswith(HEADER + '\n')


def test_contributing_holds_the_text_that_ament_copyright_looks_for() -> None:
    """ament_copyright compares the template's words, and allows others around them."""
    contributing = ' '.join((ROOT / 'CONTRIBUTING.md').read_text().split())
    assert ' '.join(AMENT_CONTRIBUTING.split()) in contributing
