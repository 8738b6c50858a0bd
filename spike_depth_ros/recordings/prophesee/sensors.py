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

"""Sizes of Prophesee's sensors, for files that do not tell theirs."""

# Width and height, pixels: ATIS, GenX320, Gen3.1, and Gen4 or IMX636.
SENSORS = ((304, 240), (320, 320), (640, 480), (1280, 720))


def smallest_sensor(width: int, height: int) -> tuple[int, int]:
    """Return the smallest sensor with at least this size, pixels; else the size itself."""
    fitting = (size for size in SENSORS if size[0] >= width and size[1] >= height)
    return next(fitting, (width, height))
