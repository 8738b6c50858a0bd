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

"""Share of depth that stays right while it is held: `python -m bench.held_depth`.

The true depth of a window is compared with that of later windows at the same pixels, on simulated
sequences: that is what held depth is worth if the rig moves on unseen. A rig of which too few
events come moves slower by about the ratio of its events to those of the sequences, which are
printed too.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spike_depth_ros.training.data.dataset import Preparation, read_dataset
from spike_depth_ros.training.data.sequences import SimulatedSequences
from spike_depth_ros.training.data.simulated import SimulatedDataset

CONFIG = Path(__file__).parents[1] / 'config/simulation'
RIGHT = 0.1  # relative error of depth that is right, as in the definition of confidence
AGES = (1, 2, 4, 6, 10, 15)  # windows


def main() -> None:
    """Print the shares of each data set, by age."""
    parser = argparse.ArgumentParser(prog='python -m bench.held_depth', description=__doc__)
    parser.add_argument('--datasets', nargs='+', default=['flying'], help='%(default)s')
    parser.add_argument('--sequences', type=int, default=20, help='of each (%(default)s)')
    parser.add_argument('--folder', type=Path, default=Path('runs/simulated'))
    arguments = parser.parse_args()
    for name in arguments.datasets:
        dataset = read_dataset(CONFIG / f'sim_{name}.yaml')
        assert isinstance(dataset, SimulatedDataset)
        sequences, preparation = SimulatedSequences(dataset), Preparation(arguments.folder)
        sequences.prepare('test', arguments.sequences, preparation)
        stored = sequences.sequences('test', arguments.sequences, preparation)
        samples = [stored[index] for index in range(len(stored))]
        shares = right_by_age([sample.depth.astype(np.float32) for sample in samples])
        events = [sample.spikes.sum((1, 2, 3), dtype=np.int64) for sample in samples]
        ages = ', '.join(
            f'{age * sequences.hop_ms} ms {share:.2f}'
            for age, share in zip(AGES, shares, strict=True)
        )
        print(f'{name}: {ages}; {np.median(events):,.0f} events a window', flush=True)


def right_by_age(depths: Sequence[npt.NDArray[np.float32]]) -> list[float]:
    """Return the share of pixels whose depth is still right, for each of AGES.

    depths: true depth of each sequence, float32 [windows, h, w], metres; NaN unknown.
    """
    shares = []
    for age in AGES:
        errors = [np.abs(depth[:-age] / depth[age:] - 1) for depth in depths]
        known = np.concatenate([error[np.isfinite(error)] for error in errors])
        shares.append(float(np.mean(known < RIGHT)))
    return shares


if __name__ == '__main__':
    main()
