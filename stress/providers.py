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

"""Compare two execution providers, potentials included: `python -m stress.providers`.

Consecutive windows of a recording go through the same model with both providers, as in the depth
node. The program prints the differences at each hop, and exits with 1 if potentials or spikes are
unequal in any window.
"""

import argparse
from pathlib import Path

from spike_depth_ros.units import MS_NS
from testing.providers import compare

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Compare the providers at each hop; print the differences."""
    parser = argparse.ArgumentParser(prog='python -m stress.providers', description=__doc__)
    model, recording = ROOT / 'models/coincidence.onnx', ROOT / 'demo/recording'
    parser.add_argument('--model', type=Path, default=model, help='ONNX file (%(default)s)')
    parser.add_argument('--recording', type=Path, default=recording, help='%(default)s')
    parser.add_argument('--windows', type=int, default=200, help='at each hop (%(default)s)')
    parser.add_argument('--hops-ms', type=float, nargs='+', default=[50, 20, 10], help='ms')
    parser.add_argument('--providers', nargs=2, default=['cpu', 'openvino'])
    arguments = parser.parse_args()
    unequal = 0
    for hop_ms in arguments.hops_ms:
        found = compare(
            arguments.model,
            arguments.recording,
            round(hop_ms * MS_NS),
            arguments.windows,
            arguments.providers,
        )
        unequal += found.states + found.spikes
        print(
            f'hop {hop_ms:g} ms: {found.windows} windows, potentials up to {found.potential:g}, '
            f'unequal in {found.states}, spikes unequal in {found.spikes}, '
            f'depth within {found.depth:.1e}, confidence within {found.confidence:.1e}, '
            f'{found.resets} resets',
            flush=True,
        )
    raise SystemExit(1 if unequal else 0)


if __name__ == '__main__':
    main()
