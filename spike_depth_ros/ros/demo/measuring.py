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

"""Errors of a run, measured after it: the true depth is read from the recording again.

During the run it would cost the nodes time on a small computer: decoding, transport, comparison.
"""

from collections.abc import Iterator

from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.recording import DepthFrame
from spike_depth_ros.ros.demo.comparison import Comparison, DepthError
from spike_depth_ros.ros.demo.node_status import ReplayStatus
from spike_depth_ros.ros.demo.source import HOP_NS, Source
from spike_depth_ros.ros.demo.window_store import WindowStore


def measure(
    source: Source, store: WindowStore, replay: ReplayStatus | None
) -> tuple[DepthError | None, str]:
    """Compare each true depth with the nearest window; store it for the picture.

    Return the error, None if no window could be compared, and a sentence about true depth that
    could not be compared, or ''.

    Args:
        source: the recording.
        store: windows of the run; gets the true depth.
        replay: last report of the replay.
    """
    if source.truth is None:
        return None, ''
    if replay is None or replay.shift_ns is None:
        return None, 'the replay did not report the time of its start'
    if replay.paused_s:
        return None, (
            'the replay was paused, so its stamps do not give the time in the recording: run it '
            'without a pause'
        )
    # Where hops are shorter, most windows have no true depth.
    hop_ns = max(source.hop_ns, HOP_NS)
    comparison = Comparison(
        source.truth, source.dataset, source.focal_baseline, hop_ns, source.nearest_valid_m
    )
    problem = ''
    try:
        for number, frame in enumerate(_frames(source)):
            is_tested = source.tested is None or number in source.tested
            _compare(comparison, store, frame, replay.shift_ns, is_tested)
    except (RecordingError, OSError) as error:
        problem = f'the true depth cannot be read to its end: {error}'
    if store.is_full():
        problem = problem or (
            f'the errors cover the first {len(store.stamps())} windows, which is all that was '
            'stored: run a part with --start and --duration'
        )
    return comparison.result(), problem


def _frames(source: Source) -> Iterator[DepthFrame]:
    """Yield the true depth from the start of the part."""
    assert source.truth is not None
    inputs = source.inputs
    with open_recording(inputs.recording, inputs.truth) as recording:
        stream = next(s for s in recording.depth_streams if s == source.truth.stream)
        # The last window ends within a hop after the last event.
        yield from recording.depth(stream, source.start_ns, source.end_ns + source.hop_ns)


def _compare(
    comparison: Comparison, store: WindowStore, frame: DepthFrame, shift_ns: int, is_tested: bool
) -> None:
    """Compare and store a true depth if there is a window at its time."""
    truth_ns = frame.t_ns + shift_ns
    if is_tested:
        comparison.expect()
    window = store.nearest(truth_ns)
    if window is None:
        return
    try:
        mapped = comparison.to_network(frame.depth)
    except ValueError:  # an image of another size than the first one
        return
    store.add_truth(window.stamp_ns, mapped)
    if is_tested and window.depth is not None:
        comparison.add(window, truth_ns, frame.depth, mapped)
