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

"""Printed report of an evaluation: errors, confidence, energy and firing rates."""

import math
from collections.abc import Mapping

import numpy as np

from spike_depth_ros.protocols import CUT_OFFS_M, protocol
from spike_depth_ros.training.data.dataset import DataDescription
from spike_depth_ros.training.evaluation.confidence_scores import (
    AUC,
    BRIER,
    PARTS,
    ConfidenceScores,
    fifth,
    mean_name,
    right_name,
)
from spike_depth_ros.training.evaluation.predictions import Cost, Prediction
from spike_depth_ros.training.evaluation.scores import AT_EVENTS, Truth, print_table
from spike_depth_ros.training.evaluation.sequence_truth import AGES_MS

ERRORS = [
    'mean error (m)',
    *(f'to {cut_off:g} m (m)' for cut_off in CUT_OFFS_M),
    *('median error (m)', 'AbsRel', 'SqRel (m)', 'RMSE (m)', 'RMSE log', 'SI log'),
]
SHARES = [
    *('1PA', '2PA', 'disparity error (px)', 'delta 1', 'delta 2', 'delta 3', 'coverage'),
    '1PA, missing wrong',
]


def print_report(
    data: DataDescription,
    windows: int,
    rows: Mapping[str, Mapping[str, float]],
    predictions: Mapping[str, Prediction],
    truth: Truth,
) -> None:
    """Print all tables of an evaluation.

    Args:
        data: description of the data set.
        windows: number of its test windows.
        rows: scores by method.
        predictions: predictions by model.
        truth: true depth of the windows.
    """
    print(f'{data.name}, {windows} test windows of {data.window_ns / 1e6:g} ms\n')
    for pixels, prefix in (('All pixels', ''), ('Event pixels', AT_EVENTS)):
        for columns in (ERRORS, SHARES):
            print_table(pixels, rows, columns, prefix)
    for name, prediction in predictions.items():
        if prediction.confidence is not None:
            measured = ConfidenceScores()
            measured.add(prediction.depth, prediction.confidence, truth.depth)
            print_confidence(name, measured.values())
    print_costs(predictions)


def print_confidence(name: str, values: Mapping[str, float]) -> None:
    """Print the Brier score, the AUC and the reliability of confidence, where it was measured.

    Args:
        name: name of the model.
        values: see ConfidenceScores.values.
    """
    if not math.isfinite(values.get(BRIER, math.nan)):
        return
    heading = f'Confidence of {name}: Brier score {values[BRIER]:.4f}, AUC {values[AUC]:.3f}'
    parts = [fifth(number) for number in range(PARTS)]
    parts += [f'at {age} ms' for age in AGES_MS]
    rows = {
        part: {'mean confidence': values[mean_name(part)], 'share right': values[right_name(part)]}
        for part in parts
    }
    print_table(heading, rows, ['mean confidence', 'share right'])


def print_protocol(
    data: DataDescription, windows: int, rows: Mapping[str, Mapping[str, float]]
) -> None:
    """Print the table of errors of a data set's protocol.

    Args:
        data: description of the data set.
        windows: number of its test windows.
        rows: values by method.
    """
    columns = [column.name for column in protocol(data.protocol)]
    print(f'{data.name}, {windows} test windows of {data.window_ns / 1e6:g} ms\n')
    print_table(f"{data.protocol}'s errors", rows, columns)


def print_costs(predictions: Mapping[str, Prediction | Cost]) -> None:
    """Print the energy of a window on neuromorphic hardware, and firing rates, by model."""
    costs = [prediction.cost for prediction in predictions.values()]
    rows = {
        'synaptic operations (million)': [cost.synaptic_operations / 1e6 for cost in costs],
        'energy (mJ)': [cost.energy_mj for cost in costs],
        'dense network (mJ)': [cost.dense_mj for cost in costs],
        'firing rate, mean of the layers (%)': [
            100 * float(np.mean(list(prediction.firing.values())))
            for prediction in predictions.values()
        ],
    }
    print(f'| estimate for a window | {" | ".join(predictions)} |')
    print('|---' * (len(predictions) + 1) + '|')
    for name, values in rows.items():
        print(f'| {name} | {" | ".join(f"{value:.4g}" for value in values)} |')
    for name, prediction in predictions.items():
        rates = prediction.firing.items()
        layers = ', '.join(f'{layer} {100 * rate:.1f}' for layer, rate in rates)
        print(f'\nFiring rates of {name} (%): {layers}')
