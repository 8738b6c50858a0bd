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

"""Layout of the views when a recording is opened in Rerun."""

import rerun.blueprint as rrb

from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.views import paths
from spike_depth_ros.views.rerun_log import TIMELINE

EYE_M, LOOK_M = (0.0, -0.7, -1.5), (0.0, 0.0, 3.0)  # behind and above the left camera


def layout(
    cameras: int, has_truth: bool, has_confidence: bool, images: tuple[str, ...], timing: str
) -> rrb.Blueprint:
    """Return the layout: images on the left, 3-D in the middle, measurements below.

    Args:
        cameras: number of event cameras.
        has_truth: whether there is true depth.
        has_confidence: whether the model gives confidence.
        images: names of the intensity images.
        timing: path of the inference time or the latency.
    """
    clouds = [_cloud(paths.RIG, 'Depth in 3-D')]
    if has_truth:
        clouds.append(_cloud(paths.TRUTH, 'True depth in 3-D'))
    above = rrb.Horizontal(
        _pictures(cameras, images),
        rrb.Tabs(*clouds, active_tab=0),
        rrb.Vertical(*_depths(has_truth, has_confidence, timing)),
        column_shares=[1, 2, 1],
    )
    below = rrb.Horizontal(*_plots(has_confidence, timing))
    return rrb.Blueprint(
        rrb.Vertical(above, below, row_shares=[3, 1]),
        rrb.TimePanel(timeline=TIMELINE, state='collapsed'),
        rrb.SelectionPanel(state='collapsed'),
        rrb.BlueprintPanel(state='collapsed'),
    )


def _pictures(cameras: int, images: tuple[str, ...]) -> rrb.Vertical:
    return rrb.Vertical(
        rrb.Tabs(
            *(_image(f'{paths.EVENTS}/{name}', f'Events, {name}') for name in CAMERAS[:cameras]),
            *(_image(f'{paths.IMAGES}/{paths.part(name)}', name) for name in images),
        ),
        _image(f'{paths.COUNTS}/{paths.LEFT}', 'Spike frame, left: events of a pixel'),
    )


def _depths(has_truth: bool, has_confidence: bool, timing: str) -> list[rrb.Spatial2DView]:
    depths = [_image(paths.DEPTH, 'Depth', origin=f'{paths.RIG}/{paths.LEFT}')]
    if has_truth:
        depths.append(_image(paths.TRUE_DEPTH, 'True depth', origin=f'{paths.TRUTH}/{paths.LEFT}'))
    if has_confidence:
        depths.append(_image(paths.CONFIDENCE, 'Confidence'))
    if timing == paths.LATENCY_MS:  # of running nodes
        depths.append(_image(paths.EVENT_AGE, 'Age of events'))
    return depths


def _plots(has_confidence: bool, timing: str) -> list[rrb.TimeSeriesView]:
    plots = [
        _plot(f'{paths.FIRING_RATES}/**', 'Firing rate of each layer'),
        _plot(timing, _TIMINGS[timing]),
        _plot(paths.EVENT_COUNT, 'Events of a window'),
    ]
    if has_confidence:
        plots.append(_plot(paths.MEAN_CONFIDENCE, 'Mean confidence'))
    return plots


_TIMINGS = {
    paths.INFERENCE_MS: 'Inference time (ms)',
    paths.LATENCY_MS: 'Latency (ms)',
}


def _image(path: str, name: str, origin: str = '') -> rrb.Spatial2DView:
    return rrb.Spatial2DView(origin=f'/{origin or path}', contents=f'/{path}', name=name)


def _cloud(root: str, name: str) -> rrb.Spatial3DView:
    eye = rrb.EyeControls3D(position=EYE_M, look_target=LOOK_M, eye_up=(0.0, -1.0, 0.0))
    return rrb.Spatial3DView(
        origin=f'/{root}', contents=f'/{root}/**', name=name, eye_controls=eye, line_grid=False
    )


def _plot(path: str, name: str) -> rrb.TimeSeriesView:
    return rrb.TimeSeriesView(origin='/', contents=f'/{path}', name=name)
