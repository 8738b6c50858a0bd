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

"""Drawing of images of one size side by side, each under its name."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

MARGIN, TOP, FONT = 6, 24, 15  # pixels
PAPER, INK = (255, 255, 255), (20, 20, 20)

Pixels = npt.NDArray[np.uint8]


class Panels:
    """Frame with names over a row of panels; the names are drawn once."""

    def __init__(self, names: Sequence[str], size: tuple[int, int]) -> None:
        """Draw the names.

        Args:
            names: name of each panel.
            size: width and height of a panel, pixels.
        """
        width, height = size
        self._lefts = [MARGIN + number * (width + MARGIN) for number in range(len(names))]
        whole = MARGIN + len(names) * (width + MARGIN), TOP + height + MARGIN
        self._frame = Image.new('RGB', whole, PAPER)
        draw, font = ImageDraw.Draw(self._frame), ImageFont.load_default(FONT)
        for left, name in zip(self._lefts, names, strict=True):
            draw.text((left + width / 2, TOP / 2), name, INK, font, anchor='mm')

    def draw(self, panels: Sequence[Pixels]) -> Image.Image:
        """Return a picture of images, rgb, uint8 [height, width, 3], one for each name."""
        picture = self._frame.copy()
        for left, panel in zip(self._lefts, panels, strict=True):
            picture.paste(Image.fromarray(panel), (left, TOP))
        return picture
