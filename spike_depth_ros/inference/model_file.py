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

"""Errors of model files, in one sentence each."""

import re
from pathlib import Path

_LFS = b'version https://git-lfs'
# An ONNX file begins with its IR version, field 1 of the protobuf message.
_ONNX = b'\x08'
_IR = re.compile(r'Unsupported model IR version: (\d+), max supported IR version: (\d+)')
_OPSET = re.compile(r'Opset (\d+) is under development.* till opset (\d+)')
# onnxruntime names its own function first; the reason comes last.
_ORIGIN = re.compile(r'^\[ONNXRuntimeError\].*? failed:(/\S+:\d+ .*?\) (?=[A-Z]))?')


class ModelError(ValueError):
    """Model file that cannot be used; the message is one sentence."""


def check_model_file(path: Path) -> None:
    """Raise ModelError if a path cannot be that of an ONNX file."""
    if path.is_dir():
        raise ModelError(
            f"The model file '{path}' is a folder: give the path of an exported ONNX file in it."
        )
    if not path.is_file():
        raise ModelError(
            f"The model file '{path}' does not exist: give the path of an exported ONNX file."
        )
    try:
        start = _start(path)
    except OSError as error:
        raise ModelError(
            f"The model file '{path}' cannot be read ({error.strerror}): change its permissions, "
            f'or copy it again.'
        ) from error
    if start.startswith(_LFS):
        raise ModelError(
            f"The model file '{path}' is a pointer of git LFS, not the model: run `git lfs pull`."
        )


def unreadable(path: Path, error: str) -> ModelError:
    """Return the error for a file that onnxruntime cannot load; error: onnxruntime's message."""
    reason = _reason(path, error)
    return ModelError(
        f"The model file '{path}' is no ONNX file that onnxruntime can load: {reason}."
    )


def _reason(path: Path, error: str) -> str:
    start = _start(path)
    if not start:
        return 'it is empty; export or copy it again'
    if found := _IR.search(error):
        return _too_new('IR version', found)
    if found := _OPSET.search(error):
        return _too_new('opset', found)
    if 'Protobuf parsing failed' in error and start.startswith(_ONNX):
        return 'it is cut off or damaged; export or copy it again'
    if 'Protobuf parsing failed' in error:
        return 'it is another kind of file; give that of an exported model'
    reason = _ORIGIN.sub('', error.partition('\n')[0]).rstrip('.')
    return f'{reason}; export it again'


def _too_new(version: str, found: re.Match[str]) -> str:
    return (
        f'it has {version} {found[1]}, but this onnxruntime reads up to {found[2]}; export it '
        f'with an older version of onnx, or install a newer onnxruntime'
    )


def _start(path: Path) -> bytes:
    with path.open('rb') as file:
        return file.read(len(_LFS))
