"""Reading the text of a calibration file, and the YAML in it."""

import codecs
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from spike_depth_ros.calibration.errors import CalibrationError

# A calibration has some kilobytes; a recording given by mistake must not fill the memory.
MAX_BYTES = 100_000
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
ARCHIVES = (b'\x1f\x8b', b'PK\x03\x04', b'BZh', b'\xfd7zXZ')
# Mistakes that show only later than where they are.
BEGUN = ('flow sequence', 'flow mapping', 'simple key', 'quoted scalar')
# What ruamel.yaml says of a mistake, and what it is.
MISTAKES = {
    'found duplicate key': 'a key appears twice',
    'mapping values are not allowed here': 'there is a colon where none can be, or the line is '
    'indented wrongly, or the one before has no colon',
    "could not find expected ':'": 'a key has no colon',
    'expected <block end>': 'a line is indented wrongly',
    "expected ',' or ']'": 'a list is not closed, or a comma is missing',
    "expected ',' or '}'": 'a mapping in braces is not closed, or a comma is missing',
    'expected the node content': 'a value is missing',
    'found another document': 'a second document begins',
    "found character '\\t'": 'there is a tab, but YAML allows spaces only',
    'unexpected end of stream': 'a quotation mark is not closed',
    'found undefined alias': 'an alias has no anchor',
    'could not determine a constructor for the tag': 'there is a tag that only another program '
    'knows',
}


def read(path: str) -> str:
    """Return the text of a file; raises CalibrationError, one sentence, where it has none."""
    try:
        with open(path, 'rb') as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise CalibrationError(
            f"The calibration '{path}' cannot be read ({error.strerror}): give a file that can."
        ) from error
    if content.startswith(ARCHIVES):
        raise CalibrationError(
            f"The calibration '{path}' is an archive: unpack it and give a file of it, of "
            'camera_calibration left.yaml, right.yaml or ost.yaml.'
        )
    if len(content) > MAX_BYTES:
        raise CalibrationError(
            f"The calibration '{path}' has more than {MAX_BYTES} bytes, as no calibration has: "
            'give another.'
        )
    return _decoded(path, content)


def _decoded(path: str, content: bytes) -> str:
    encoding = 'utf-16' if content.startswith(UTF_16) else 'utf-8-sig'
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = '\0'
    if '\0' in text:
        raise CalibrationError(
            f"The calibration '{path}' is no text in UTF-8: give a YAML file, saved as UTF-8."
        )
    return text


def parse(path: str, text: str) -> Any:
    """Return what a text says in YAML 1.2; raises CalibrationError with line and reason.

    In YAML 1.2 1e-05 is a number; in YAML 1.1, so with PyYAML, it is a text.
    """
    try:
        return YAML(typ='safe', pure=True).load(text)
    except MarkedYAMLError as error:
        raise _mistake(path, text, error) from error
    except RecursionError as error:
        raise CalibrationError(
            f"The calibration '{path}' is nested too deeply: give another."
        ) from error
    except Exception as error:  # the parser lets many of Python's own errors through
        reason = ' '.join(str(error).split('\n')[0].split()) or type(error).__name__
        raise CalibrationError(
            f"The calibration '{path}' is no YAML ({reason}): correct it."
        ) from error


def _mistake(path: str, text: str, error: MarkedYAMLError) -> CalibrationError:
    marks = [error.problem_mark, error.context_mark]
    if any(begun in str(error.context) for begun in BEGUN):
        marks.reverse()
    number = next((mark.line for mark in marks if mark), 0)
    lines = text.splitlines() or ['']
    line = lines[min(number, len(lines) - 1)]
    problem = str(error.problem or error.context or 'it cannot be parsed')
    if '\t' in line[: len(line) - len(line.lstrip())]:
        reason = 'it is indented with a tab, but YAML allows spaces only'
    else:
        reason = next((plain for raw, plain in MISTAKES.items() if raw in problem), problem)
        reason = f'{reason}: {" ".join(line.split())[:60]}'
    return CalibrationError(
        f"The calibration '{path}' is no YAML (line {number + 1}: {reason}): correct it."
    )
