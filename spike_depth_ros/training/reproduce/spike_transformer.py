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

"""Tables of the spike transformer (Zhang et al. 2024, arXiv:2404.17335), and of our variants.

The published numbers are those of the paper's text and abstract, of DENSE-spike: its tables are
images, and no number of DSEC (table 2) is in the text. Rows without published numbers are ours.
"""

from collections.abc import Sequence

from spike_depth_ros.training.reproduce.energy import AS_ACCUMULATES, AS_MULTIPLIES
from spike_depth_ros.training.reproduce.papers import (
    ERROR,
    Claim,
    Column,
    Paper,
    Published,
    Row,
    Table,
    Variant,
)
from spike_depth_ros.training.reproduce.scores import PARAMETERS

NETWORKS = 'spike_depth_ros.training.networks'
DEFAULT = Variant()
# Widths of the papers; on simulated data those with about the parameters of the smallest size.
_SMALL = {'width': 8}
UNET = Variant({'width': 64}, network_class=f'{NETWORKS}.baselines.unet.UNet', small=_SMALL)
E2DEPTH = Variant(
    {'width': 32}, network_class=f'{NETWORKS}.baselines.convlstm.E2Depth', small=_SMALL
)
STEREOSPIKE = Variant(
    {'width': 32}, network_class=f'{NETWORKS}.stereospike.StereoSpike', small=_SMALL
)
COINCIDENCE = Variant(
    {'width': 16},
    network_class=f'{NETWORKS}.coincidence.CoincidenceNetwork',
    small=_SMALL,
    two_cameras=True,
)

_MDE = Column('MDE (cm)', f'test: {ERROR}')
_EVENTS = Column('MDE at event pixels (cm)', 'test: at event pixels (cm)')
_ABS_REL, _SQ_REL, _RMSE, _RMSE_LOG, _SI_LOG, *_DELTAS = (
    Column(name, f'test: {name}')
    for name in (
        *('AbsRel', 'SqRel (m)', 'RMSE (m)', 'RMSE log', 'SI log'),
        *('delta 1', 'delta 2', 'delta 3'),
    )
)
_PARAMETERS = Column(PARAMETERS, f'test: {PARAMETERS}')
_ENERGY = Column(AS_ACCUMULATES, f'test: {AS_ACCUMULATES}')
_ENERGY_AS_MACS = Column(AS_MULTIPLIES, f'test: {AS_MULTIPLIES}')
_THIRDS = tuple(
    Column(f'MDE, {{{third}}} (cm)', f'test: {third} third (cm)')
    for third in ('near', 'middle', 'far')
)
_COSTS = (_PARAMETERS, _ENERGY, _ENERGY_AS_MACS)
_ERRORS = (_ABS_REL, _SQ_REL, _RMSE, _RMSE_LOG, _SI_LOG, _MDE)  # less is better
_NINE = (*_ERRORS, *_DELTAS)

_OURS = 'spike transformer'


def _published(
    abs_rel: float, sq_rel: float, *others: tuple[Column, float]
) -> dict[str, Published]:
    """Return published numbers by column.

    Args:
        abs_rel, sq_rel: relative errors.
        others: more columns and their numbers.
    """
    pairs = ((_ABS_REL, abs_rel), (_SQ_REL, sq_rel), *others)
    return {column.name: Published(value) for column, value in pairs}


_OF_PAPER = (
    Row(
        _OURS,
        DEFAULT,
        _published(
            *(0.80, 8.32),
            *zip(_DELTAS, (0.53, 0.68, 0.76), strict=True),
            *((_PARAMETERS, 20.55), (_ENERGY_AS_MACS, 12.43)),
        ),
    ),
    Row('U-Net', UNET, _published(2.89, 72.25)),
    Row('E2Depth-like ConvLSTM', E2DEPTH, _published(9.91, 96.01)),
    Row(
        'Spike-T',
        None,
        _published(1.57, 39.77, (_PARAMETERS, 35.68), (_ENERGY_AS_MACS, 41.77)),
    ),
)
_OF_PACKAGE = (Row('StereoSpike', STEREOSPIKE), Row('coincidence network', COINCIDENCE))


def _less(sentence: str, columns: Sequence[Column], lower: str, higher: str) -> tuple[Claim, ...]:
    """Return the claim that a row has the lower number, for each column.

    Args:
        sentence: claim in words.
        columns: columns; accuracies (delta) are compared the other way round.
        lower, higher: names of the rows.
    """
    return tuple(
        Claim(sentence, column.name, *((higher, lower) if column in _DELTAS else (lower, higher)))
        for column in columns
    )


def _comparison(name: str, title: str, data: str, rows: tuple[Row, ...]) -> Table:
    """Return a table of networks with all nine measures, parameters and energy.

    Args:
        name: name on the command line.
        title: title.
        data: data that stands for the paper's.
        rows: rows of the paper.
    """
    claims = [
        *_less('it errs less than a U-Net', _NINE, _OURS, 'U-Net'),
        *_less('it errs less than a ConvLSTM', _NINE, _OURS, 'E2Depth-like ConvLSTM'),
        *_less('it takes less energy than a U-Net', [_ENERGY_AS_MACS], _OURS, 'U-Net'),
        *_less(
            'not of the paper: it errs less than StereoSpike',
            (_MDE, _EVENTS),
            *(_OURS, 'StereoSpike'),
        ),
        *_less(
            'not of the paper: it errs less than the coincidence network',
            (_MDE, _EVENTS),
            *(_OURS, 'coincidence network'),
        ),
    ]
    return Table(
        name, title, (*_NINE, _EVENTS, *_COSTS), (*rows, *_OF_PACKAGE), tuple(claims), data
    )


TABLE_1 = _comparison(
    'table1',
    'Table 1: errors, parameters and energy of a window, beside networks of the paper and of ours',
    'sim_flying',
    _OF_PAPER,
)
TABLE_2 = _comparison(
    'table2',
    'Table 2: the same on DSEC, of which no number is in the text of the paper',
    'sim_driving',
    tuple(Row(row.name, row.variant) for row in _OF_PAPER if row.variant is not None),
)

TABLE_3 = Table(
    'table3',
    'Table 3: fusion head and linear head',
    (_ABS_REL, _SQ_REL, _MDE, _EVENTS, *_COSTS),
    (
        Row('fusion head', Variant({'skips': False}), _published(0.80, 8.32)),
        Row('linear head', Variant({'head': 'linear', 'skips': False}), _published(2.85, 51.76)),
        Row('fusion head, skips from the embedding (ours)', Variant({'skips': True})),
    ),
    (
        *_less(
            'the fusion head errs less',
            (_ABS_REL, _SQ_REL, _MDE, _EVENTS),
            *('fusion head', 'linear head'),
        ),
        *_less(
            'not of the paper: skips from the embedding lower the error',
            (_MDE, _EVENTS),
            *('fusion head, skips from the embedding (ours)', 'fusion head'),
        ),
    ),
)


def _two(name: str, title: str, sentence: str, rows: tuple[Row, Row]) -> Table:
    """Return a table of two variants, of which the first is claimed to err less.

    Args:
        name: name on the command line.
        title: title.
        sentence: the claim in words.
        rows: the rows.
    """
    first, second = (row.name for row in rows)
    claims = _less(sentence, (_MDE, _EVENTS), first, second)
    return Table(name, title, (_MDE, _EVENTS, *_COSTS), rows, claims)


ATTENTION = _two(
    'attention',
    'Spiking self-attention and linear (spike-driven) attention',
    'spiking self-attention errs less',
    (
        Row('self-attention', DEFAULT),
        Row('linear attention', Variant({'attention': 'linear'})),
    ),
)
RESIDUAL = _two(
    'residual',
    'Membrane shortcut (the paper) and SEW residual',
    'the membrane shortcut errs less',
    (Row('membrane', DEFAULT), Row('SEW', Variant({'residual': 'sew'}))),
)
CAMERAS = _two(
    'cameras',
    'Cameras matched in front by cooperating coincidences (ours), and stacked channels',
    'not of the paper: matched cameras err less',
    (
        Row('matched', Variant({'cameras': 'matched'}, two_cameras=True)),
        Row('stacked', Variant({'cameras': 'stacked'})),
    ),
)

TEACHER = Variant(
    network_class=f'{NETWORKS}.picture_transformer.PictureTransformer', reads_pictures=True
)
_FEATURES, _SEMANTIC = 0.5, 0.1  # the paper does not give its weights

DISTILLATION = Table(
    'distillation',
    'Distillation from a teacher that sees the pictures, by thirds of the range of depth',
    (_MDE, _EVENTS, *_THIRDS, _ABS_REL, _SQ_REL),
    (
        Row('no teacher', DEFAULT),
        Row('features (L1)', Variant(loss={'features': _FEATURES}, teacher=TEACHER)),
        Row(
            'features and semantic',
            Variant(loss={'features': _FEATURES, 'semantic': _SEMANTIC}, teacher=TEACHER),
        ),
        Row('the teacher, on pictures', TEACHER),
    ),
    (
        *(
            claim
            for distilled in ('features (L1)', 'features and semantic')
            for claim in _less(
                'distillation lowers the error',
                (_MDE, _EVENTS, *_THIRDS),
                *(distilled, 'no teacher'),
            )
        ),
        *_less('the teacher errs less', (_MDE, _EVENTS), 'the teacher, on pictures', 'no teacher'),
    ),
    'sim_driving',  # whose range is long: the paper's claim is of far regions
)

_SHORT = 'config/training/spike_transformer_reproduce.yaml'
_LONG = 'config/training/spike_transformer_paper.yaml'

SPIKE_TRANSFORMER = Paper(
    'spike-transformer',
    'DENSE-spike',
    (TABLE_1, TABLE_2, TABLE_3, ATTENTION, RESIDUAL, CAMERAS, DISTILLATION),
    {
        'sim_flying': _SHORT,
        'sim_driving': _SHORT,
        'sim_rooms': _SHORT,
        'mvsec': _LONG,
        'dsec': _LONG,
        'dense': _LONG,
    },
    {},
)
