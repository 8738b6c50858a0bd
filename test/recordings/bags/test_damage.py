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

"""Damaged bags: one sentence, or the good part with a counted loss."""

import random
import struct
import tracemalloc
from pathlib import Path

import pytest
from recordings.bags.storage import refusal
from rosbags.rosbag2 import StoragePlugin

from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from testing.recordings import mvsec_bags, ros1, rosbag2
from testing.recordings.scene import HEIGHT, WIDTH, scene

SIZE = (WIDTH, HEIGHT)
TOPICS = ('/left/events', '/right/events')
MUTATIONS = 75
# The field index_pos of the bag header.
INDEX_POS = b'index_pos='


def cameras() -> dict[str, object]:
    return dict(zip(TOPICS, scene(0.2).cameras, strict=True))


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    return ros1.write_event_arrays(tmp_path / 'a.bag', cameras(), SIZE)


def read(path: Path) -> tuple[int, dict[str, int]]:
    """Return the number of events, and the losses, of everything in a recording."""
    with open_recording(path) as recording:
        events = sum(len(chunk.events.t_ns) for chunk in recording.events(recording.cameras))
        for stream in recording.depth_streams:
            assert all(frame.depth.ndim == 2 for frame in recording.depth(stream))
        for image in recording.image_streams:
            assert all(frame.image.ndim >= 2 for frame in recording.images(image))
        recording.calibration(recording.cameras[:1])
        return events, dict(recording.losses)


def test_a_bag_without_an_index(bag: Path) -> None:
    """A killed `rosbag record` leaves the name.bag.active: the header names no index."""
    content = bytearray(bag.read_bytes())
    place = content.index(INDEX_POS) + len(INDEX_POS)
    content[place : place + 8] = bytes(8)
    active = bag.with_name('a.bag.active')
    active.write_bytes(content)
    sentence = refusal(active, read)
    assert '(Bag is not indexed, reindex before reading)' in sentence
    assert f'write its index again with `rosbag reindex {active}`, or copy it' in sentence


@pytest.mark.parametrize('share', [0.001, 0.1, 0.6, 0.99])
def test_cut_off(bag: Path, share: float) -> None:
    bag.write_bytes(bag.read_bytes()[: int(bag.stat().st_size * share)])
    assert '`rosbag reindex' in refusal(bag, read)


def test_a_damaged_length_does_not_fill_the_memory(bag: Path) -> None:
    content = bytearray(bag.read_bytes())
    chunk = len(b'#ROSBAG V2.0\n') + 4096  # the header of the bag has a fixed size
    content[chunk : chunk + 4] = b'\xff' * 4
    bag.write_bytes(content)
    tracemalloc.start()
    assert '`rosbag reindex' in refusal(bag, read)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_an_old_format_and_an_empty_file(bag: Path) -> None:
    bag.write_bytes(bag.read_bytes().replace(b'#ROSBAG V2.0', b'#ROSBAG V1.2', 1))
    assert 'of an old format: convert it with `rosbag fix`' in refusal(bag, read)
    bag.write_bytes(b'')
    assert 'is empty: copy or record it again' in refusal(bag, read)


def test_a_bag_without_messages(tmp_path: Path) -> None:
    with ros1.Ros1Writer(tmp_path / 'a.bag'):
        pass
    assert 'has no events and no true depth, but no topic' in refusal(tmp_path / 'a.bag', read)


@pytest.mark.parametrize('compression', ['bz2', 'lz4'])
def test_a_damaged_chunk_is_left_out(tmp_path: Path, compression: str) -> None:
    """The chunks before and after it are read, and each of its messages is counted."""
    path = tmp_path / 'a.bag'
    messages = list(ros1.event_messages(cameras(), SIZE, 2_000_000))
    with ros1.Ros1Writer(path, compression, chunk_bytes=50_000) as writer:
        for log_time_ns, topic, data in messages:
            writer.write(topic, 'dvs_msgs/msg/EventArray', log_time_ns, data)
    whole, _ = read(path)
    with open_recording(path) as recording:
        end_ns = recording.end_ns
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40] = b'\xff' * 40
    path.write_bytes(content)
    events, losses = read(path)
    assert 0 < whole - events < whole / 2
    assert 0 < losses['damaged messages'] < len(messages) / 2
    with open_recording(path) as recording:
        assert recording.end_ns == end_ns


def test_a_wrong_number_of_events(bag: Path) -> None:
    """A count larger than the message must not reach into the next one."""
    whole, _ = read(bag)
    content = bytearray(bag.read_bytes())
    head = struct.pack('<III', 0, HEIGHT, WIDTH)
    place = content.index(head, len(content) // 3) + len(head)
    (count,) = struct.unpack_from('<I', content, place)
    struct.pack_into('<I', content, place, count + 1)
    bag.write_bytes(content)
    events, losses = read(bag)
    assert (events, losses) == (whole - count, {'damaged messages': 1})


def test_times_and_pixels_that_no_event_has(bag: Path) -> None:
    whole, _ = read(bag)
    content = bytearray(bag.read_bytes())
    head = struct.pack('<III', 0, HEIGHT, WIDTH)
    first = content.index(head, len(content) // 3) + len(head) + 4
    struct.pack_into('<H', content, first, WIDTH)  # x of an event
    struct.pack_into('<I', content, first + 13 + 8, 2**32 - 1)  # nanoseconds of the next
    bag.write_bytes(content)
    assert read(bag) == (
        whole - 2,
        {'events outside of the sensor': 1, 'events with an impossible time': 1},
    )


@pytest.mark.parametrize('name', ['mvsec_data', 'mvsec_gt', 'lz4', 'db3', 'mcap'])
def test_any_mutation_is_refused_or_counted(tmp_path: Path, name: str) -> None:
    """No other exception, no hang, whatever bytes are wrong."""
    opened, path = _written(tmp_path, name)
    original = path.read_bytes()
    rng = random.Random(name)
    for _ in range(MUTATIONS):
        content = bytearray(original)
        end = rng.choice((len(content), 6000))
        for _ in range(rng.randint(1, 8)):
            place = rng.randrange(min(end, len(content)))
            content[place] = rng.choice((0, 255, rng.randrange(256)))
        if rng.random() < 0.2:
            del content[rng.randrange(len(content)) :]
        path.write_bytes(content)
        try:
            read(opened)
        except RecordingError as error:
            assert '\n' not in str(error)


def _written(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a recording; return the path to open, and the file to mutate."""
    if name.startswith('mvsec'):
        data = mvsec_bags.write_bags(folder, scene(0.2))  # which has images of depth
        truth = data.with_name('indoor_flying1_gt.bag')  # it is read beside the events
        return data, data if name == 'mvsec_data' else truth
    events = dict(zip(TOPICS, scene(0.05).cameras, strict=True))
    if name == 'lz4':
        path = ros1.write_event_arrays(folder / 'a.bag', events, SIZE, compression='lz4')
        return path, path
    storage = StoragePlugin.SQLITE3 if name == 'db3' else StoragePlugin.MCAP
    rosbag2.write_event_arrays(folder / 'a', events, SIZE, storage=storage)
    path = folder / 'a' / f'a.{name}'
    return path, path
