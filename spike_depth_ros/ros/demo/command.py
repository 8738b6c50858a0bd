"""`spike-depth demo`."""

import argparse
import sys
from pathlib import Path

from spike_depth_ros.ros.demo.picture import Picture, depth_range, typical
from spike_depth_ros.ros.demo.run import HOP_S, DemoError, Source, open_source, run
from spike_depth_ros.ros.demo.table import table
from spike_depth_ros.ros.demo.video import write_video
from spike_depth_ros.ros.demo.window_store import WindowStore
from spike_depth_ros.shared_files import shared_file

MODELS = {2: 'models/coincidence.onnx', 1: 'models/stereospike_monocular.onnx'}
RECORDING = 'demo/recording'
VIDEO_SCALE, PICTURE_SCALE = 1, 2
SECOND_NS = 1e9


def demo(arguments: argparse.Namespace) -> int:
    """Run the demo; return 0 if no window and no packet was lost and the rate was kept."""
    try:
        path = Path(arguments.recording) if arguments.recording else shared_file(RECORDING)
        source = open_source(path, arguments.left, arguments.right)
        model = arguments.model or shared_file(MODELS[len(source.cameras)])
        store = WindowStore(tolerance_ns=round(HOP_S * SECOND_NS / 2))
        result = run(source, Path(model), store)
    except (ValueError, OSError, DemoError) as error:
        print(f'demo: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(table(result, source.name))
    for path in _draw(source, store, Path(arguments.output)):
        print(f'wrote {path}')
    for failure in result.failures():
        print(f'demo: {failure}', file=sys.stderr)
    return 1 if result.failures() else 0


def _draw(source: Source, store: WindowStore, folder: Path) -> list[Path]:
    """Write the picture of a typical window, and the video; return their paths."""
    window = typical(store)
    if window is None:
        print('no picture and no video: there is no depth to show')
        return []
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    title = f'Depth from events: {source.name}'
    range_m = depth_range(store.windows())

    def picture(scale: int) -> Picture:
        return Picture(window.events.shape, scale, range_m, title, source.truth is not None)

    still, video = folder / 'depth.png', folder / 'depth.mp4'
    Image.fromarray(picture(PICTURE_SCALE).draw(window)).save(still)
    frame = picture(VIDEO_SCALE)
    write_video(video, (frame.draw(each) for each in store.windows()), round(1 / HOP_S))
    if store.is_full():
        print(f'video and depth error cover the first {len(store.stamps())} windows only')
    return [still, video]
