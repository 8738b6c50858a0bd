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

"""The teacher of docs/how-to/distil.md teaches a student."""

import re
from pathlib import Path

import torch
from training.small_networks import stereospike

from spike_depth_ros.training.distillation.distillation import Distillation
from spike_depth_ros.training.distillation.teacher import Teacher

PAGE = (Path(__file__).parents[2] / 'docs/how-to/distil.md').read_text()


def test_the_teacher_of_the_page_teaches() -> None:
    found = re.search(r'^```python\n(.*?)^```', PAGE, re.MULTILINE | re.DOTALL)
    assert found
    definitions: dict[str, type[Teacher]] = {}
    exec(compile(found[1], 'my_teacher.py', 'exec'), definitions)
    student = stereospike()
    distillation = Distillation(student, definitions['MyTeacher']())
    targets = distillation.targets(torch.randint(0, 256, (1, 2, 60, 90), dtype=torch.uint8))
    output = student(torch.poisson(torch.full((1, 4, 60, 90), 0.5)))
    difference, distance = distillation(output.features, targets)
    assert difference > 0 and 0 < distance < 1
