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

"""DSEC's numbers that its files do not tell.

Source: README of uzh-rpg/DSEC; dsec.ifi.uzh.ch, "data format" and "disparity submission format".
"""

# Width and height of the event cameras and of the disparities in their view, pixels.
SIZE = (640, 480)
# Width and height of the rectified images of the frame cameras, pixels.
IMAGE_SIZE = (1440, 1080)
# Disparity images, uint16, hold parts of a pixel; 0 is unknown.
STEPS_PER_PIXEL = 256
