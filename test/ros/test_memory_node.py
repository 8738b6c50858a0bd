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

"""Memory, depth that is held and ages of events over DDS."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from sensor_msgs.msg import Image

from spike_depth_ros.events.evt3_encoder import Evt3Encoder
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.ros.conversions import from_image, to_ns
from testing import binner_io
from testing.binner_io import PATIENT, event_publishers, send_both
from testing.depth_input import HEIGHT, STATUS, WIDTH, Source, counts
from testing.nodes import NodeProcess, one_sentence
from testing.probe import RETRY_S, Probe
from testing.waiting import holds_within

MS = 1_000_000
START_MS = 10_000
FEW = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
FEW[0, 1:61, 0] = FEW[0, 1:61, 3] = 1


class Rig:
    """Windows that go one by one through a depth node, and its images."""

    def __init__(self, probe: Probe) -> None:
        self.probe, self.source = probe, Source(probe)
        self.depths = probe.collect(Image, '/depth/image_rect')
        self.confidences = probe.collect(Image, '/depth/confidence')
        self.ages = probe.collect(Image, '/depth/age')
        self.source.fit()

    def begin(self) -> None:
        """Send windows until the node has discovered all subscriptions; the last ends at START."""
        for stamp_ms in range(START_MS - 5_000, START_MS, 50):
            self.source.spikes(counts(), stamp_ms * MS)
            if holds_within(lambda: all(self._images), RETRY_S, self.probe.spin):
                break
        self.take(START_MS, counts())
        for images in self._images:
            del images[:-1]

    def take(self, stamp_ms: int, frame: np.ndarray) -> tuple[float, float, np.ndarray]:
        """Return depth and confidence of a pixel, and the ages of all, of a window."""
        self.source.spikes(frame, stamp_ms * MS)
        self.probe.until(
            lambda: all(each and _stamp_ns(each[-1]) == stamp_ms * MS for each in self._images),
            f'the images of {stamp_ms} ms',
        )
        depth, confidence, age = (from_image(each[-1]) for each in self._images)
        return float(depth[9, 9]), float(confidence[9, 9]), age

    @property
    def _images(self) -> tuple[list[Image], ...]:
        return self.depths, self.confidences, self.ages


def _stamp_ns(image: Image) -> int:
    return to_ns(image.header.stamp)


def test_a_rig_that_stops_keeps_its_depth_for_a_while(probe: Probe, leaky_model: Path) -> None:
    with NodeProcess('depth', {'model': leaky_model, 'hold_ms': 200.0}):
        rig = Rig(probe)
        rig.begin()
        for age_ms in (50, 100, 150, 200):
            depth, confidence, age = rig.take(START_MS + age_ms, FEW)
            assert depth == pytest.approx(from_image(rig.depths[0])[9, 9])
            assert confidence == pytest.approx(2 ** (-age_ms / 200))
            np.testing.assert_allclose(age[5, 1:], age_ms / 1000, rtol=1e-6)
            assert np.isnan(age[5, 0])  # no sensor pixel looks there
            assert age[0, 30] == 0  # one of the few
        probe.until_value(STATUS, 'depth age (ms)', 200)
        rig.source.spikes(FEW, (START_MS + 250) * MS)
        probe.until_value(STATUS, 'windows skipped', 1)
        probe.until_value(STATUS, 'windows held', 4)
        assert len(rig.depths) == 5
        depth, confidence, _ = rig.take(START_MS + 300, counts())
        assert confidence == 1
        probe.until_value(STATUS, 'depth age (ms)', 0)


def test_hold_ms_changes_while_running_and_min_confidence_applies(
    probe: Probe, leaky_model: Path
) -> None:
    with NodeProcess('depth', {'model': leaky_model, 'min_confidence': 0.8}):
        rig = Rig(probe)
        rig.begin()
        rig.source.spikes(FEW, (START_MS + 50) * MS)
        probe.until_value(STATUS, 'windows skipped', 1)
        assert probe.set_parameter('/depth', 'hold_ms', 200.0) == (True, '')
        depth, confidence, _ = rig.take(START_MS + 100, FEW)
        assert confidence == pytest.approx(0.5**0.5)
        assert np.isnan(depth)
        for value in (-1.0, 60_001.0, float('nan')):
            assert not probe.set_parameter('/depth', 'hold_ms', value)[0]


def test_memory_is_forgotten_and_counted_by_cause(probe: Probe, leaky_model: Path) -> None:
    with NodeProcess('depth', {'model': leaky_model}):
        rig = Rig(probe)
        probe.until_value(STATUS, 'memory half life (ms)', 50)
        rig.begin()
        rig.take(START_MS + 1000, counts())
        depths = [rig.take(START_MS + t, counts())[0] for t in (1050, 500, 550, 5000)]
        assert depths == pytest.approx([9, 6, 9, 6], rel=1e-5)  # twice the model's baseline
        probe.until_value(STATUS, 'memory resets: time ran back or stood still', 1)
        probe.until(lambda: int(probe.values(STATUS)['memory resets: gap']) >= 2, 'both gaps')


PACKET_US, ROWS, PIXELS = 5_000, 10, 100  # each packet has events of another one of the rows


def packet(encoder: Evt3Encoder, polarity: int, number: int, has_events: bool) -> Packet:
    """Return a packet of PACKET_US: one event at each of PIXELS pixels of one row, or none."""
    start_us, n = 1_000_000 + PACKET_US * number, PIXELS if has_events else 0
    t_us, x = start_us + np.arange(n), np.arange(n) + 20
    y, signs = np.full(n, 100 + number % ROWS), np.full(n, polarity)
    data = encoder.encode(t_us, x, y, signs, until_us=start_us + PACKET_US)
    return Packet(
        encoding='evt3',
        width=WIDTH,
        height=HEIGHT,
        seq=number,
        stamp_ns=start_us * 1000,
        time_base_ns=0,
        big_endian=False,
        data=np.frombuffer(data, np.uint8),
    )


class Chain:
    """Packets for a binner and a depth node, and the depth that comes out."""

    def __init__(self, probe: Probe) -> None:
        self._encoders, self._number = (Evt3Encoder(), Evt3Encoder()), 0
        self.depths = probe.collect(Image, '/depth/image_rect')
        self._publishers = event_publishers(probe)
        probe.until_value(binner_io.STATUS, 'subscribers', 1)
        probe.until(lambda: STATUS in probe.status, 'the depth node')

    def send(self, packets: int, has_events: bool = True) -> None:
        """Send the next packets of both cameras: ON events on the left, OFF on the right."""
        numbers = range(self._number, self._number + packets)
        streams = [
            [packet(encoder, polarity, number, has_events) for number in numbers]
            for encoder, polarity in zip(self._encoders, (1, 0), strict=True)
        ]
        send_both(self._publishers, streams)
        self._number += packets

    def newest(self) -> float:
        """Return the newest depth of a pixel with events; NaN before any."""
        return float(from_image(self.depths[-1])[102, 60]) if self.depths else np.nan


def depth_parameters(model: Path) -> dict[str, object]:
    """Return parameters with which no window of a test is dropped."""
    return {'model': model, 'queue': 100, 'qos_overrides./spikes.subscription.depth': 100}


@pytest.mark.parametrize('hop_ms', [50.0, 25.0, 10.0])
def test_a_constant_scene_has_the_same_depth_at_every_hop(
    probe: Probe, leaky_model: Path, hop_ms: float
) -> None:
    """Each window has one event of 1 m and one of 2 m at a pixel: 3 m + 1.5 m + ... = 6 m."""
    with (
        NodeProcess('binner', PATIENT | {'sync': 'sensor', 'hop_ms': hop_ms}),
        NodeProcess('depth', depth_parameters(leaky_model)),
    ):
        chain = Chain(probe)
        chain.send(180)  # 18 half lives
        probe.until(lambda: abs(chain.newest() - 6) < 1e-4, '6 m')
        probe.until_value(STATUS, 'windows dropped', 0)
        assert chain.newest() == pytest.approx(6, abs=1e-4)


def test_depth_is_held_while_both_cameras_send_time_alone(probe: Probe, leaky_model: Path) -> None:
    with (
        NodeProcess('binner', PATIENT | {'sync': 'sensor', 'empty_windows': True}),
        NodeProcess('depth', depth_parameters(leaky_model) | {'hold_ms': 200.0}),
    ):
        chain = Chain(probe)
        chain.send(40)
        chain.send(70, has_events=False)
        probe.until_value(STATUS, 'windows held', 4)
        probe.until(lambda: int(probe.values(STATUS)['windows skipped']) >= 2, 'windows skipped')
        depths = [from_image(depth)[102, 60] for depth in chain.depths]
        assert depths[-5:] == pytest.approx([5.625] * 5)  # the fourth window's, and four times


@pytest.mark.parametrize(
    ('states', 'sentence'),
    [
        ('[{"name": "state", "tau_ms": [0], "averages": false}]', 'tau_ms of 0.001 to 1e+09'),
        ('[{"name": "state", "tau_ms": [1, 2], "averages": false}]', '2 time constants for the 1'),
        (
            '[{"name": "memory", "tau_ms": [1], "averages": false}]',
            "has the input 'state_in', but",
        ),
    ],
)
def test_wrong_states_end_the_node_with_one_sentence(
    leaky_model: Path, tmp_path: Path, states: str, sentence: str
) -> None:
    model, path = onnx.load(leaky_model), tmp_path / 'wrong.onnx'
    for entry in model.metadata_props:
        if entry.key == 'spike_depth.states':
            entry.value = states
    onnx.save(model, path)
    with NodeProcess('depth', {'model': path}) as process:
        code, error = process.wait()
    assert code == 1
    assert sentence in one_sentence(error)
