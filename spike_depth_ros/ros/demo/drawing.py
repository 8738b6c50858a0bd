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

"""Writing of the demo's picture and video."""

from itertools import islice
from pathlib import Path

from PIL import Image

from spike_depth_ros.outputs import whole_file
from spike_depth_ros.ros.demo.picture import Picture, depth_range, typical
from spike_depth_ros.ros.demo.video import VideoError, write_video
from spike_depth_ros.ros.demo.window_store import WindowStore
from spike_depth_ros.units import SECOND_NS

STILL, VIDEO = 'depth.png', 'depth.mp4'
VIDEO_SCALE, PICTURE_SCALE = 1, 2
MAX_WINDOWS = 1200  # a minute at 20 Hz


def draw(name: str, has_truth: bool, store: WindowStore, folder: Path, hop_ns: int) -> None:
    """Write the picture of a typical window and, if PyAV is installed, a video; print the paths.

    Raises OutputError, one sentence, if a file cannot be written.

    Args:
        name: name of the recording.
        has_truth: whether there is true depth to show.
        store: images of the run.
        folder: folder of both files.
        hop_ns: time from window to window, nanoseconds.
    """
    window = typical(store)
    if window is None:
        print('no picture and no video: there is no depth to show')
        return
    title = f'Depth from events: {name}'
    range_m = depth_range(store.windows())

    def picture(scale: int) -> Picture:
        return Picture(window.events.shape, scale, range_m, title, has_truth)

    still, video = folder / STILL, folder / VIDEO
    with whole_file(still) as path:
        Image.fromarray(picture(PICTURE_SCALE).draw(window)).save(path)
    print(f'wrote {still}', flush=True)
    frame = picture(VIDEO_SCALE)
    windows = islice(store.windows(), MAX_WINDOWS)
    try:
        with whole_file(video) as path:
            write_video(path, (frame.draw(each) for each in windows), round(SECOND_NS / hop_ns))
    except VideoError as error:
        print(error)
        return
    print(f'wrote {video}')
    count = len(store.stamps())
    if store.is_full() or count > MAX_WINDOWS:
        print(f'the video covers the first {min(count, MAX_WINDOWS)} windows only')
