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

"""Folder of stored windows: a file for each, and the description of all of them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile, is_zipfile

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.outputs import check_output_folder, whole_file
from spike_depth_ros.training.settings import SettingsError

DESCRIPTION = 'benchmark.json'


class WindowFolder:
    """Folder of the windows of one split: NNNNNN.npz.

    Attributes:
        folder: the folder.
    """

    def __init__(
        self, folder: Path, title: str, description: str, needed: tuple[str, ...] = ()
    ) -> None:
        """Name a folder, which need not exist.

        Args:
            folder: the folder.
            title: name of the data set, for errors.
            description: source and settings of the windows; a folder holds those of one.
            needed: arrays without which a window counts as missing.
        """
        self.folder, self._title, self._description = folder, title, description
        self._needed = {f'{name}.npy' for name in needed}

    def path(self, index: int) -> Path:
        """Return the file of a window."""
        return self.folder / f'{index:06d}.npz'

    def check(self, indices: Iterable[int]) -> None:
        """Check that the folder can store the missing ones of some windows.

        Raises SettingsError for windows of another description, and OutputError.
        """
        file = self.folder / DESCRIPTION
        if file.exists() and file.read_text() != self._description:
            raise SettingsError(
                f'{self.folder} holds windows of another description of {self._title}: '
                f'remove the folder, or give another one.'
            )
        if not file.exists() or self.missing(indices):
            check_output_folder(self.folder)

    def begin(self, indices: Iterable[int]) -> None:
        """Check the folder, and write its description where it is missing."""
        self.check(indices)
        file = self.folder / DESCRIPTION
        if not file.exists():
            with whole_file(file) as unfinished:
                unfinished.write_text(self._description)

    def missing(self, indices: Iterable[int]) -> list[int]:
        """Return those of some windows that are missing or cut off."""
        return [index for index in indices if not self._is_complete(self.path(index))]

    def _is_complete(self, file: Path) -> bool:
        if not is_zipfile(file):
            return False
        with ZipFile(file) as arrays:
            return self._needed <= set(arrays.namelist())

    def write(self, index: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write the arrays of a window; its file is complete or absent. Raises OutputError."""
        with whole_file(self.path(index)) as unfinished:
            np.savez_compressed(unfinished, **arrays)  # type: ignore[arg-type]  # numpy's stub
