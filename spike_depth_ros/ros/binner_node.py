"""The binner node: event packets in, spike frames out."""

import time
from functools import partial

from diagnostic_msgs.msg import DiagnosticStatus
from event_camera_msgs.msg import EventPacket
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.rig import Rig
from spike_depth_ros.frames.windows import SpikeFrame
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.binner_report import BinnerReport
from spike_depth_ros.ros.conversions import to_image, to_packet, to_time
from spike_depth_ros.ros.diagnostics import Diagnostics, Report, key_values, steady_clock
from spike_depth_ros.ros.parameter_tables import BINNER
from spike_depth_ros.ros.parameters import declare, on_change

TOPICS = ('left/events', 'right/events')
# Fine enough for max_wait_ms, coarse enough to cost nothing.
POLL_PERIOD_S = 0.02
MILLISECOND_NS = 1e6
WARNING_PERIOD_S = 5.0


class BinnerNode(Node):
    """Count the packets of one or two event cameras into spike frames.

    Subscribes left/events and, in stereo, right/events; publishes spikes and spikes/info.
    """

    def __init__(self) -> None:
        super().__init__('binner', automatically_declare_parameters_from_overrides=True)
        self.exit_code: int | None = None
        self._settings = declare(self, BINNER)
        self._channels = 4 if self._settings['stereo'] else 2
        self._binner = self._make_binner()
        self._report = BinnerReport(self._binner.counters, time.monotonic_ns())
        self._frame_id = ''
        self._published_mapped: object = None
        self._spikes = self.create_publisher(
            Image, 'spikes', qos.images(), qos_overriding_options=qos.OVERRIDABLE
        )
        self._info = self.create_publisher(DiagnosticStatus, 'spikes/info', qos.latched())
        Diagnostics(self, 'spike frames', self._make_report)
        on_change(self, BINNER, self._change)
        # Compiled before the first packet can arrive: later they would queue up meanwhile.
        self._binner.warm_up()
        self._subscribe()
        self.create_timer(POLL_PERIOD_S, self._poll, clock=steady_clock())

    def _make_binner(self) -> Binner:
        p = self._settings
        return Binner(
            cameras=self._channels // 2,
            window_ns=round(p['window_ms'] * MILLISECOND_NS),
            hop_ns=round(p['hop_ms'] * MILLISECOND_NS),
            max_wait_ns=round(p['max_wait_ms'] * MILLISECOND_NS),
            width=p['width'],
            height=p['height'],
        )

    def _subscribe(self) -> None:
        for camera in range(self._channels // 2):
            self.create_subscription(
                EventPacket,
                TOPICS[camera],
                partial(self._on_packet, camera),
                qos.events(self._settings['event_queue']),
                qos_overriding_options=qos.OVERRIDABLE,
            )

    def _on_packet(self, camera: int, message: EventPacket) -> None:
        now_ns = time.monotonic_ns()
        self._report.packet(camera, now_ns)
        if camera == 0 or not self._frame_id:
            self._frame_id = message.header.frame_id
        frames = self._binner.push(camera, to_packet(message), now_ns)
        self._publish_info()
        self._publish(frames)

    def _poll(self) -> None:
        self._publish(self._binner.poll(time.monotonic_ns()))

    def _publish(self, frames: list[SpikeFrame]) -> None:
        encoding = f'8UC{self._channels}'
        for frame in frames:
            header = Header(stamp=to_time(frame.stamp_ns), frame_id=self._frame_id)
            self._spikes.publish(to_image(frame.counts, encoding, header))
        for problem in self._binner.problems:
            self._report.problem(problem)
            self.get_logger().warning(problem, throttle_duration_sec=WARNING_PERIOD_S)
        self._binner.problems.clear()

    def _publish_info(self) -> None:
        """Publish the rig once the mapped region is known, and whenever it changes."""
        mapped = self._binner.mapped
        if mapped is None or mapped is self._published_mapped:
            return
        self._published_mapped = mapped
        p = self._settings
        rig = Rig(
            window_ns=round(p['window_ms'] * MILLISECOND_NS),
            hop_ns=round(p['hop_ms'] * MILLISECOND_NS),
            channels=self._channels,
            width=p['width'],
            height=p['height'],
            f=p['focal_length'],
            cx=p['cx'],
            cy=p['cy'],
            baseline_m=p['baseline'] if p['stereo'] else 0.0,
            sync='sensor',
            mapped=mapped,
        )
        self._info.publish(
            DiagnosticStatus(
                name=f'{self.get_fully_qualified_name()}: rig',
                message='how spikes are counted',
                values=key_values(rig.to_pairs()),
            )
        )

    def _make_report(self) -> Report:
        report = self._report.make(time.monotonic_ns())
        report.values['subscribers'] = self._spikes.get_subscription_count()
        return report

    def _change(self, name: str, value: float) -> None:
        self._binner.set_max_wait(round(value * MILLISECOND_NS))
