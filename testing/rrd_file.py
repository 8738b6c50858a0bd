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

"""Reader of Rerun files: entities, times, images and numbers."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import rerun as rr
from rerun.chunk import RrdReader

_TYPES = {
    rr.ChannelDatatype.U8: np.uint8,
    rr.ChannelDatatype.U16: np.uint16,
    rr.ChannelDatatype.F16: np.float16,
}
_TIME = 'time'


class RrdFile:
    """Content of a Rerun file.

    Attributes:
        entities: paths of all entities that are logged over time.
        static: paths of the entities without a time.
        blueprints: number of layouts in the file.
    """

    def __init__(self, path: Path) -> None:
        self._rows: dict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
        self.static: dict[str, dict[str, Any]] = defaultdict(dict)
        reader = RrdReader(str(path))
        self.blueprints = len(reader.blueprints())
        for chunk in reader.stream():
            entity = str(chunk.entity_path).strip('/')
            batch = chunk.to_record_batch()
            names = [name for name in batch.schema.names if ':' in name]
            for row, values in enumerate(batch.select(names).to_pylist()):
                components = {name: value for name, value in values.items() if value is not None}
                if chunk.is_static:
                    self.static[entity] |= components
                else:
                    time_ns = batch.column(_TIME)[row].value
                    self._rows[entity].append((time_ns, components))
        self.entities = set(self._rows)

    def times_ns(self, entity: str) -> list[int]:
        """Return the times of an entity, nanoseconds, in order."""
        return [time_ns for time_ns, _ in self._sorted(entity)]

    def scalars(self, entity: str) -> list[float]:
        """Return the numbers of an entity in order of time."""
        return [values['Scalars:scalars'][0] for _, values in self._sorted(entity)]

    def images(self, entity: str) -> list[np.ndarray]:
        """Return the images of an entity in order of time, [h, w] or [h, w, channels]."""
        return [_image(values) for _, values in self._sorted(entity)]

    def first(self, entity: str, component: str) -> Any:
        """Return the first value of a component of an entity."""
        return next(v[component][0] for _, v in self._sorted(entity) if component in v)

    def _sorted(self, entity: str) -> list[tuple[int, dict[str, Any]]]:
        return sorted(self._rows[entity], key=lambda row: row[0])


def _image(values: dict[str, Any]) -> np.ndarray:
    form, data = (
        next(value[0] for name, value in values.items() if name.endswith(f':{part}'))
        for part in ('format', 'buffer')
    )
    dtype = _TYPES[rr.ChannelDatatype(form['channel_datatype'])]
    pixels = np.array(data, np.uint8).view(dtype)
    return pixels.reshape(form['height'], form['width'], -1).squeeze(-1)
