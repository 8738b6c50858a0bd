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

"""Text of a calibration file, and the YAML in it."""

import codecs
import os
from typing import Any

from ruamel.yaml import YAML

from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.yaml_mistakes import YamlMistake, in_plain_words

# Calibrations have some kilobytes; a recording given by mistake must not fill the memory.
MAX_BYTES = 100_000
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
ARCHIVES = (b'\x1f\x8b', b'PK\x03\x04', b'BZh', b'\xfd7zXZ')


def read(path: str) -> str:
    """Return the text of a file. Raises CalibrationError, one sentence, if there is none."""
    try:
        with open(path, 'rb') as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        folder = '' if os.path.isabs(path) else f" in '{os.getcwd()}'"
        raise CalibrationError(
            f"The calibration '{path}' cannot be read ({error.strerror}{folder}): give a file "
            'that can.'
        ) from error
    if content.startswith(ARCHIVES):
        raise CalibrationError(
            f"The calibration '{path}' is an archive: unpack it and give a file of it, of "
            'camera_calibration left.yaml, right.yaml or ost.yaml.'
        )
    if len(content) > MAX_BYTES:
        raise CalibrationError(
            f"The calibration '{path}' has more than {MAX_BYTES} bytes, as no calibration has: "
            'give another.'
        )
    return _decoded(path, content)


def parse(path: str, text: str) -> Any:
    """Parse YAML 1.2. Raises CalibrationError with line and reason.

    1e-05 is a number in YAML 1.2, but a text in YAML 1.1, which PyYAML reads.
    """
    try:
        with in_plain_words(text):
            return YAML(typ='safe', pure=True).load(text)
    except YamlMistake as error:
        raise CalibrationError(
            f"The calibration '{path}' is no YAML ({error}): correct it."
        ) from error


def _decoded(path: str, content: bytes) -> str:
    encoding = 'utf-16' if content.startswith(UTF_16) else 'utf-8-sig'
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = '\0'
    if '\0' in text:
        raise CalibrationError(
            f"The calibration '{path}' is no text in UTF-8: give a YAML file, saved as UTF-8."
        )
    return text
