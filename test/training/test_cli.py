"""Training commands that are told what cannot be: one sentence, and no traceback."""

import sys
from pathlib import Path

import pytest

from spike_depth_ros.cli import main

COINCIDENCE = ['train', '--config', 'config/training/coincidence.yaml']
WRONG = {
    'window': (
        ['evaluate', '--models', '[models/coincidence.onnx]', '--window_ms', '57'],
        'window_ms is 57: use a multiple of 5',
    ),
    'model': (['evaluate', '--models', '[none.onnx]', '--samples', '1'], "'none.onnx' does not"),
    'benchmark': (
        ['evaluate', '--models', '[]', '--benchmark', 'none.yaml'],
        "no benchmark 'none.yaml': use a YAML file such as",
    ),
    'not a benchmark': (
        ['evaluate', '--models', '[]', '--benchmark', 'config/stereo.yaml'],
        "'config/stereo.yaml' describes no benchmark",
    ),
    'folder for a benchmark': (
        ['evaluate', '--models', '[]', '--benchmark', '.'],
        "no benchmark '.': use a YAML file such as",
    ),
    'not a checkpoint': (
        ['export', '--checkpoint', 'README.md', '--output', 'x.onnx'],
        "'README.md' is no checkpoint of a training",
    ),
    'checkpoint': (
        ['export', '--checkpoint', 'none.ckpt', '--output', 'x.onnx'],
        "no checkpoint 'none.ckpt'",
    ),
    'reach': (
        [*COINCIDENCE, '--model.network.init_args.reach=47'],
        'reach is 47: use a positive multiple of 2',
    ),
    'width': (
        [*COINCIDENCE, '--model.network.init_args.width=9'],
        'width is 9: use a positive multiple of 2',
    ),
    'folder': (['simulate', '--output', '.', '--seconds', '0.1'], "'.' exists"),
}


@pytest.mark.parametrize(('arguments', 'sentence'), WRONG.values(), ids=WRONG)
def test_wrong_settings_end_a_command_with_a_sentence(
    arguments: list[str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    monkeypatch.setattr(sys, 'argv', ['spike-depth', *arguments])
    assert main() == 1
    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith(f'spike-depth {arguments[0]}: ')
    assert sentence in last
