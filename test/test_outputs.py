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

"""Output paths: refusal before the work; files and folders appear when complete."""

import errno
import os
from pathlib import Path

import pytest

from spike_depth_ros.outputs import (
    OutputError,
    check_output_file,
    check_output_folder,
    whole_file,
    whole_folder,
)

LONG = 'x' * 300


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'file').write_text('mine')
    (tmp_path / 'link').symlink_to('nowhere/at/all')
    (tmp_path / 'loop').symlink_to('loop')
    (tmp_path / 'folder').mkdir()
    return tmp_path


def everything(folder: Path) -> set[Path]:
    return set(folder.rglob('*'))


@pytest.mark.parametrize('path', ['.', '', 'folder', 'new', 'new/and/deep', 'folder/../new'])
def test_a_folder_that_can_be_made_is_accepted_and_left_unmade(here: Path, path: str) -> None:
    before = everything(here)
    check_output_folder(Path(path))
    check_output_folder(here / path)
    assert everything(here) == before


@pytest.mark.parametrize(
    ('path', 'reason'),
    [
        ('/dev/null', "'/dev/null' cannot be written to: it is a file;"),
        ('/dev/null/x', "'/dev/null/x' cannot be written to: '/dev/null' is a file;"),
        ('/proc/x', "'/proc/x' cannot be written to: its file system takes no new files;"),
        ('/proc', 'its file system takes no new files;'),
        ('file', 'it is a file;'),
        ('file/x', "'file' is a file;"),
        ('link', "'link' is a link to nothing;"),
        ('link/x', "'link' is a link to nothing;"),
        ('loop/x', "'loop' is a link to nothing;"),
        (LONG, 'file name too long;'),
        ('a/' * 3000, 'file name too long;'),
        ('nul\0l', 'embedded null byte;'),
    ],
    ids=lambda text: text[:20].replace('\0', ' '),
)
def test_a_folder_that_cannot_be_made_is_refused(here: Path, path: str, reason: str) -> None:
    before = everything(here)
    with pytest.raises(OutputError) as caught:
        check_output_folder(Path(path))
    assert reason in str(caught.value)
    assert str(caught.value).endswith('give another folder.')
    assert everything(here) == before


@pytest.mark.parametrize('path', ['file', 'new', 'new/x.json', 'y' * 255, 'link'])
def test_a_file_that_can_be_written_is_accepted_and_left_as_it_is(here: Path, path: str) -> None:
    before = everything(here)
    check_output_file(Path(path))
    check_output_file(here / path)
    assert everything(here) == before
    assert (here / 'file').read_text() == 'mine'


@pytest.mark.parametrize(
    ('path', 'reason'),
    [
        ('folder', 'it is a folder;'),
        ('', 'it is a folder;'),
        ('/dev/full', 'it is a device or a pipe;'),
        ('/dev/null/x', "'/dev/null' is a file;"),
        ('/proc/x', 'its file system takes no new files;'),
        ('/proc/x/y', 'its file system takes no new files;'),
        ('file/x', "file' is a file;"),
        (LONG, 'file name too long;'),
        ('nul\0l', 'embedded null byte;'),
    ],
    ids=lambda text: text[:20].replace('\0', ' '),
)
def test_a_file_that_cannot_be_written_is_refused(here: Path, path: str, reason: str) -> None:
    before = everything(here)
    with pytest.raises(OutputError) as caught:
        check_output_file(Path(path))
    assert reason in str(caught.value)
    assert str(caught.value).endswith('give another file.')
    assert everything(here) == before


def test_a_file_appears_when_it_is_complete(here: Path) -> None:
    target = here / 'new/x.json'
    with whole_file(target) as unfinished:
        unfinished.write_text('half')
        assert not target.exists() and unfinished.suffix == '.json'
    assert everything(here / 'new') == {target}
    assert target.read_text() == 'half'


def test_an_error_leaves_the_file_as_it_was(here: Path) -> None:
    before = everything(here)
    with (
        pytest.raises(OutputError, match=r"file' cannot be written \(no space left on device\)"),
        whole_file(here / 'file') as unfinished,
    ):
        unfinished.write_text('half')
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert everything(here) == before
    assert (here / 'file').read_text() == 'mine'


def test_a_link_leads_to_the_file_that_is_written(here: Path) -> None:
    with whole_file(here / 'link') as unfinished:
        unfinished.write_text('whole')
    assert (here / 'link').is_symlink()
    assert (here / 'nowhere/at/all').read_text() == 'whole'


def test_a_folder_appears_when_it_is_complete(here: Path) -> None:
    target = here / 'new/run'
    with whole_folder(target) as unfinished:
        unfinished.mkdir()
        (unfinished / 'x').write_text('half')
        assert not target.exists() and unfinished.name == 'run'
    assert everything(here / 'new') == {target, target / 'x'}


def test_an_error_leaves_no_folder(here: Path) -> None:
    before = everything(here)
    with pytest.raises(KeyError), whole_folder(here / 'run') as unfinished:
        unfinished.mkdir()
        (unfinished / 'x').write_text('half')
        raise KeyError
    assert everything(here) == before


def test_a_folder_with_files_is_not_replaced(here: Path) -> None:
    (here / 'folder/mine').write_text('mine')
    before = everything(here)
    with pytest.raises(OutputError, match='not empty'), whole_folder(here / 'folder') as new:
        new.mkdir()
    assert everything(here) == before
