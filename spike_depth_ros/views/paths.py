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

"""Paths of the entities in a Rerun recording."""

from spike_depth_ros.frames.spike_frame import CAMERAS

LEFT = CAMERAS[0]
RIG, TRUTH = 'rig', 'truth'  # roots of the 3-D views
DEPTH, TRUE_DEPTH = f'{RIG}/{LEFT}/depth', f'{TRUTH}/{LEFT}/depth'
EVENTS, COUNTS, CONFIDENCE, IMAGES = 'events', 'spike_frame', 'confidence', 'images'
EVENT_AGE = 'event_age'
FIRING_RATES = 'firing_rates'
EVENT_COUNT, MEAN_CONFIDENCE = 'events_of_a_window', 'mean_confidence'
INFERENCE_MS, LATENCY_MS = 'inference_ms', 'latency_ms'


def part(name: str) -> str:
    """Return a name, such as that of a topic, as one part of a path."""
    return ''.join(sign if sign.isalnum() else '_' for sign in name).strip('_') or '_'
