"""The depth node: spike frames in, metric depth out."""

import time
from threading import Thread
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from spike_depth_ros.frames.rig import Rig
from spike_depth_ros.inference.depth_image import to_metres, to_millimetres
from spike_depth_ros.inference.engine import DepthEngine, Inference
from spike_depth_ros.inference.preview import colour
from spike_depth_ros.inference.verdict import Verdict, camera_events, judge
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import from_image, to_camera_info, to_image, to_ns
from spike_depth_ros.ros.depth_report import DepthReport
from spike_depth_ros.ros.diagnostics import Diagnostics, Report
from spike_depth_ros.ros.parameter_tables import DEPTH
from spike_depth_ros.ros.parameters import declare, on_change
from spike_depth_ros.ros.window_queue import WindowQueue

WARNING_PERIOD_S = 5.0
NO_INFO = 'no spikes/info yet: start the binner'


class Fit(NamedTuple):
    """Hold the rig as far as the model can take its frames, else the reason why not."""

    rig: Rig | None
    reason: str


class DepthNode(Node):
    """Infer a depth image from each spike frame, in a thread of its own.

    Subscribes spikes and spikes/info; publishes depth/image_rect, depth/camera_info and
    depth/image_color.
    """

    def __init__(self) -> None:
        super().__init__('depth', automatically_declare_parameters_from_overrides=True)
        self.exit_code: int | None = None
        parameters = declare(self, DEPTH)
        self._min_events: int = parameters['min_events']
        self._encoding: str = parameters['depth_encoding']
        self._engine = _engine(parameters)
        if self._engine.warning:
            self.get_logger().warning(self._engine.warning)
        self._fit = Fit(None, NO_INFO)
        self._queue: WindowQueue[Image] = WindowQueue(parameters['queue'])
        self._report = DepthReport(self._engine.contract, time.monotonic_ns())
        on_change(self, DEPTH, self._change)
        self._make_publishers()
        Diagnostics(self, 'depth', self._make_report)
        self.create_subscription(DiagnosticStatus, 'spikes/info', self._on_info, qos.latched())
        self.create_subscription(
            Image, 'spikes', self._on_spikes, qos.images(), qos_overriding_options=qos.OVERRIDABLE
        )
        self._worker = Thread(target=self._work, name='inference', daemon=True)
        self._worker.start()

    def destroy_node(self) -> None:
        """Let the worker finish its window, then destroy the node."""
        self._queue.close()
        self._worker.join()
        super().destroy_node()

    def _make_publishers(self) -> None:
        topics = {'image_rect': Image, 'camera_info': CameraInfo, 'image_color': Image}
        self._depth, self._camera_info, self._preview = (
            self.create_publisher(
                kind, f'depth/{name}', qos.images(), qos_overriding_options=qos.OVERRIDABLE
            )
            for name, kind in topics.items()
        )

    def _change(self, name: str, value: int) -> None:
        self._min_events = value

    def _on_info(self, message: DiagnosticStatus) -> None:
        try:
            rig = Rig.from_pairs({pair.key: pair.value for pair in message.values})
            reason = self._engine.contract.mismatch(rig)
        except ValueError as error:
            rig, reason = None, str(error)
        self._fit = Fit(None, reason) if reason else Fit(rig, '')

    def _on_spikes(self, message: Image) -> None:
        self._report.window_in(time.monotonic_ns())
        self._queue.put(message)
        self._report.counters.windows_dropped = self._queue.dropped

    def _work(self) -> None:
        """Answer windows until the queue is closed."""
        while (message := self._queue.get()) is not None:
            try:
                self._answer(message)
            except Exception as error:  # whatever it is, the stream goes on
                self._report.counters.windows_failed += 1
                self._warn(' '.join(str(error).split()) or repr(error))

    def _answer(self, message: Image) -> None:
        """Infer depth from a window, or count why there is none."""
        counters, rig = self._report.counters, self._fit.rig
        if rig is None:
            counters.windows_unfit += 1
            self._warn(self._fit.reason)
            return
        try:
            counts = _counts(message, rig)
        except ValueError as error:
            counters.windows_malformed += 1
            self._warn(str(error))
            return
        events = camera_events(counts)
        verdict = judge(events, self._min_events)
        if verdict is Verdict.SKIPPED:
            counters.windows_skipped += 1
        elif verdict is Verdict.INCOMPLETE:
            counters.windows_incomplete += 1
        else:
            self._publish(message, int(events.sum()), self._engine.infer(counts), rig)

    def _publish(self, message: Image, events: int, inference: Inference, rig: Rig) -> None:
        contract, header = self._engine.contract, message.header
        near_m, far_m = contract.depth_min_m, contract.depth_max_m
        scale = contract.depth_scale(rig)
        depth = to_metres(inference.depth, rig.mapped, near_m, far_m, scale)
        pixels = depth if self._encoding == '32FC1' else to_millimetres(depth)
        self._depth.publish(to_image(pixels, self._encoding, header))
        published_ns = self.get_clock().now().nanoseconds
        self._report.window_out(to_ns(header.stamp), published_ns, events, inference)
        self._camera_info.publish(to_camera_info(rig, header))
        if self._preview.get_subscription_count():
            picture = colour(depth, near_m * scale, far_m * scale)
            self._preview.publish(to_image(picture, 'rgb8', header))

    def _warn(self, problem: str) -> None:
        self._report.last_problem = problem
        self.get_logger().warning(problem, throttle_duration_sec=WARNING_PERIOD_S)

    def _make_report(self) -> Report:
        return self._report.make(time.monotonic_ns(), self._fit.reason)


def _engine(parameters: dict[str, Any]) -> DepthEngine:
    engine = DepthEngine(*(parameters[name] for name in ('model', 'threads', 'provider')))
    engine.warm_up()
    return engine


def _counts(message: Image, rig: Rig) -> npt.NDArray[np.uint8]:
    """Return a spike frame's counts; raises ValueError unless they are of the rig's size."""
    counts = from_image(message)
    if counts.shape != (rig.height, rig.width, rig.channels):
        raise ValueError(
            f'a spike frame has the shape {counts.shape}, but spikes/info promises '
            f'{(rig.height, rig.width, rig.channels)}'
        )
    return counts
