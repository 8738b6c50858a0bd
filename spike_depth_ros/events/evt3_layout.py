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

"""Bit layout of evt3 (Prophesee EVT 3.0): 16-bit words, type in bits 15..12, payload below.

Source: https://docs.prophesee.ai/stable/data/encoding_formats/evt3.html.
"""

TYPE_SHIFT = 12
PAYLOAD = 0xFFF
WORD_BYTES = 2

ADDR_Y = 0x0  # y
ADDR_X = 0x2  # one event: x, polarity
VECT_BASE_X = 0x3  # x and polarity of the vectors that follow
VECT_12 = 0x4  # 12 validity bits: an event at base + i for each; moves the base by 12
VECT_8 = 0x5  # 8 validity bits; moves the base by 8
TIME_LOW = 0x6  # bits 11..0 of the time
CONTINUED_4 = 0x7
TIME_HIGH = 0x8  # bits 23..12 of the time
PADDING = 0x9
EXT_TRIGGER = 0xA  # edge in bit 0
OTHERS = 0xE
CONTINUED_12 = 0xF
UNDEFINED = 1 << 0x1 | 1 << 0xB | 1 << 0xC | 1 << 0xD  # a bit set of types

ADDRESS = 0x7FF  # x or y in a payload
POLARITY_SHIFT = 11
VECT_8_BITS = 0xFF
EDGE = 0x1

TIME_LOW_BITS = 12
TIME_BITS = 24  # microseconds, wraps every 16.8 s
