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

"""Output file of HDF5 on a disk that may be full."""

import io
from typing import Any


class Hdf5Output(io.FileIO):
    """New file whose write errors wait for check().

    The HDF5 library crashes the process at its end if it could not write all of a file.
    """

    error: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Write all of the data, or remember the error."""
        rest = memoryview(data).cast('B')
        size = len(rest)
        while len(rest) and self.error is None:
            try:
                rest = rest[super().write(rest) :]
            except OSError as error:
                self.error = error
        return size

    def truncate(self, size: int | None = None, /) -> int:
        """Set the size, or remember the error."""
        try:
            return super().truncate(size)
        except OSError as error:
            self.error = self.error or error
            return size or 0

    def check(self) -> None:
        """Raise the first error of a write, if any."""
        if self.error is not None:
            raise self.error
