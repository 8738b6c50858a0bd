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

"""Recordings in rosbag2 format whose metadata or files are wrong, and paths that are none."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from recordings.bags.storage import MESSAGES, count, edit, refusal


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', "has no section 'rosbag2_bagfile_information'"),
        (b'a: [b', r'is no YAML (line 1: '),
        (b'a: 1\n\tb: 2', r'is no YAML (line 2: '),
        (b'\xff\xfe\0\x80', 'is no text'),
        (b'- 1', "has no section 'rosbag2_bagfile_information'"),
        (b'rosbag2_bagfile_information: 7', "has no section 'rosbag2_bagfile_information'"),
        (b'rosbag2_bagfile_information: {version: 5}', "has no list of files 'relative_file_p"),
        (b'rosbag2_bagfile_information: {relative_file_paths: drive.db3}', 'has no list of files'),
        (b'rosbag2_bagfile_information: {relative_file_paths: []}', 'has no list of files'),
    ],
)
def test_metadata_that_is_wrong(plain: Path, content: bytes, message: str) -> None:
    (plain / 'metadata.yaml').write_bytes(content)

    sentence = refusal(plain)

    assert f'its metadata.yaml {message}' in sentence
    assert 'ros2 bag reindex' in sentence


def test_metadata_with_wrong_fields_that_do_not_matter(plain: Path) -> None:
    edit(plain, 'version: 9', 'version: 12')
    edit(plain, 'custom_data: null', 'custom_data: [1]')
    edit(plain, 'nanoseconds_since_epoch: 1000', 'yesterday')
    edit(plain, 'ros_distro: rosbags', 'ros_distro: [[]]')

    assert count(plain) == MESSAGES


def make_foreign_name(folder: Path) -> None:
    (folder / 'drive.db3').rename(folder / 'renamed.db3')


def make_missing(folder: Path) -> None:
    (folder / 'drive.db3').unlink()


def make_a_folder(folder: Path) -> None:
    (folder / 'drive.db3').unlink()
    (folder / 'drive.db3').mkdir()


def make_pointer(folder: Path) -> None:
    (folder / 'drive.db3').write_text('version https://git-lfs.github.com/spec/v1\noid sha256:0\n')


def make_other_database(folder: Path) -> None:
    (folder / 'drive.db3').unlink()
    connection = sqlite3.connect(folder / 'drive.db3')
    connection.execute('CREATE TABLE songs (name TEXT)')
    connection.close()


@pytest.mark.parametrize(
    ('break_it', 'message'),
    [
        (make_foreign_name, "names 'drive.db3', which is not there (storage files that are: rena"),
        (make_missing, "names 'drive.db3', which is not there (storage files that are: none)"),
        (make_a_folder, "names 'drive.db3', which is not there"),
        (make_pointer, 'is a pointer of git LFS: run `git lfs pull`'),
        (make_other_database, 'cannot be read'),
    ],
)
def test_copied_by_hand(plain: Path, break_it: Callable[[Path], None], message: str) -> None:
    break_it(plain)

    assert message in refusal(plain)


def test_a_ros_1_bag(tmp_path: Path) -> None:
    bag = tmp_path / 'old drive.bag'
    bag.write_bytes(b'#ROSBAG V2.0\n' + bytes(100))

    assert 'is a ROS 1 bag: give it to `spike-depth run`' in refusal(bag)


def test_a_folder_of_recordings(plain: Path) -> None:
    assert 'give one of the recordings in it (drive)' in refusal(plain.parent)


def test_paths_that_are_no_recording(tmp_path: Path, plain: Path) -> None:
    text, fifo = tmp_path / 'notes.txt', tmp_path / 'pipe'
    text.write_text('not a recording')
    os.mkfifo(fifo)

    assert 'is of no format that is read' in refusal(text)
    assert 'is neither a folder nor a file' in refusal(fifo)
    assert 'only describes a recording' in refusal(plain / 'metadata.yaml')
    assert 'does not exist' in refusal(tmp_path / 'nowhere')
    assert 'cannot be read' in refusal(tmp_path / ('x' * 300))


def test_files_of_another_user(plain: Path) -> None:
    plain.chmod(0)
    program = (
        'import os, sys\n'
        'from spike_depth_ros.recordings.rosbag2 import Recording\n'
        'if os.geteuid() == 0:\n'
        '    os.setuid(65534)  # may read everything as root\n'
        'Recording(sys.argv[1])'
    )
    child = subprocess.run(
        [sys.executable, '-c', program, plain], capture_output=True, text=True, check=False
    )
    plain.chmod(0o700)

    assert 'cannot be read (Permission denied): change its permissions' in child.stderr
