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

"""Camera drivers of the soak: two synchronised evt3 cameras, and the faults in their packets."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from spike_depth_ros.events.evt3_encoder import Evt3Encoder
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.recordings.cdr import MessageCodec, message_types
from stress.soak.changes import CHANGES, no_message
from stress.soak.faults import JUMP_US, Fault
from stress.soak.ledger import CameraLedger, Message
from stress.soak.stream import EVENTS, HEIGHT, TICK_US, WIDTH, Scene, StreamClock

SENSOR_US = 2 * JUMP_US[1]  # sensor time at stream time 0: no jump makes it negative
STAMP_SCATTER_NS = 1_000_000
STORM_LOST, STORM_CHANGED = 0.1, 0.3
SILENT = ('silence', 'both silent', 'restart')
LOST = ('packet lost', 'burst lost')


@dataclass(slots=True)
class Camera:
    """State of a driver: next seq, encoder, and delayed messages."""

    number: int
    encoder: Evt3Encoder = field(default_factory=Evt3Encoder)
    seq: int = 0
    held: list[Message] = field(default_factory=list)


class Sender:
    """Publisher of both cameras, which writes the ledgers.

    Args:
        faults: schedule, at most one fault at a time.
        publish: called with the camera and the CDR bytes of each message.

    Attributes:
        jumps: tick of each time jump, and offset of header stamps and sensor time after it, us.
        changed: number of packets by kind of change.
    """

    def __init__(
        self,
        scene: Scene,
        faults: list[Fault],
        seed: int,
        clock: StreamClock,
        publish: Callable[[int, bytes], None],
    ) -> None:
        self.ledgers = (CameraLedger(), CameraLedger())
        self.jumps = [(0, 0)]
        self.changed: dict[str, int] = {}
        self._scene = scene
        self._faults = faults[::-1]
        self._random = np.random.default_rng((seed, 2))
        self._clock = clock
        self._publish = publish
        self._codec = MessageCodec(message_types())
        self._cameras = (Camera(0), Camera(1))

    def warm_up(self) -> None:
        """Compile the encoder, or load it from numba's cache."""
        self._packet(Camera(0), 0)

    def send(self, tick: int) -> None:
        """Publish the messages of both cameras at a tick."""
        fault = self._fault(tick)
        if fault and fault.kind == 'jump':
            self._jump(tick)
        messages = [
            (camera.number, message)
            for camera in self._cameras
            for message in self._messages(camera, tick, fault)
        ]
        # All messages exist before the first is published: no delay between the two cameras.
        for camera, message in messages:
            self._publish(camera, message.cdr)
            self.ledgers[camera].take(message)

    def _fault(self, tick: int) -> Fault | None:
        """Return the fault in force."""
        while self._faults and tick >= self._faults[-1].stop:
            self._faults.pop()
        return self._faults[-1] if self._faults and tick >= self._faults[-1].start else None

    def _jump(self, tick: int) -> None:
        """Jump in time, as a looping recording does; the seq may restart at 0."""
        sign = -1 if self._random.random() < 0.5 else 1
        offset = self.jumps[-1][1] + sign * int(np.exp(self._random.uniform(*np.log(JUMP_US))))
        offset = min(max(offset, -JUMP_US[1]), JUMP_US[1])
        self.jumps.append((tick, offset))
        restarts = self._random.random() < 0.5
        for camera in self._cameras:
            camera.encoder = Evt3Encoder()
            if restarts:
                self._restart(camera)

    def _restart(self, camera: Camera) -> None:
        camera.encoder, camera.seq = Evt3Encoder(), 0
        self.ledgers[camera.number].restart()

    def _messages(self, camera: Camera, tick: int, fault: Fault | None) -> list[Message]:
        """Return the messages of a camera at a tick."""
        if fault is None or camera.number not in fault.cameras:
            return [self._message(camera, tick, '')]
        if fault.kind in SILENT:
            if fault.kind == 'restart' and tick == fault.stop - 1:
                self._restart(camera)
            return []
        change = self._change(fault)
        if change == 'lost':
            camera.seq += 1
            self._count(change)
            return []
        message = self._message(camera, tick, change)
        if fault.kind in ('duplicate', 'swap'):
            return self._reorder(camera, message, fault)
        return [message]

    def _reorder(self, camera: Camera, message: Message, fault: Fault) -> list[Message]:
        """Repeat the fault's first packet after its last, or delay it until then."""
        messages = [message]
        if message.tick == fault.start:
            camera.held = [message]
            messages = [message] if fault.kind == 'duplicate' else []
        if message.tick == fault.stop - 1:
            messages += camera.held
            self._count(fault.kind)
        return messages

    def _change(self, fault: Fault) -> str:
        """Return the change of a packet, '' for none."""
        if fault.kind != 'storm':
            return 'lost' if fault.kind in LOST else fault.kind
        lot = self._random.random()
        if lot < STORM_LOST:
            return 'lost'
        changes = [*CHANGES, 'no message'] if lot < STORM_LOST + STORM_CHANGED else ['']
        return str(self._random.choice(changes))

    def _message(self, camera: Camera, tick: int, change: str) -> Message:
        """Encode the next packet of a camera, and change it."""
        packet = self._packet(camera, tick)
        camera.seq += 1
        if change == 'no message':
            self._count(change)
            cdr = no_message(packet, self._codec, self._random)
            return Message(cdr, tick, packet.seq, 'packets_malformed', False, 0)
        fate, changed = '', packet
        if change in CHANGES:
            self._count(change)
            make, fate = CHANGES[change]
            changed = make(packet, self._random)
        cdr = self._codec.packet_to_cdr(changed, 'camera')
        is_read = not fate or fate == 'packets_truncated'
        is_followed = is_read or change == 'form'
        events = EVENTS if is_read and change != 'noise' else 0
        return Message(cdr, tick, packet.seq, fate, is_followed, events)

    def _packet(self, camera: Camera, tick: int) -> Packet:
        """Return the correct packet of a tick."""
        t_us, x, y, polarity = self._scene.tick(camera.number, tick)
        offset_us = self.jumps[-1][1]
        sensor_us = SENSOR_US + offset_us
        end_us = sensor_us + (tick + 1) * TICK_US - 1
        data = camera.encoder.encode(t_us + sensor_us, x, y, polarity, end_us)
        scatter_ns = int(self._random.integers(STAMP_SCATTER_NS))
        return Packet(
            encoding='evt3',
            width=WIDTH,
            height=HEIGHT,
            seq=camera.seq,
            stamp_ns=self._clock.stamp_ns + (tick * TICK_US + offset_us) * 1000 + scatter_ns,
            time_base_ns=0,
            big_endian=False,
            data=np.frombuffer(data, np.uint8),
        )

    def _count(self, what: str) -> None:
        self.changed[what] = self.changed.get(what, 0) + 1
