"""Finding the files that come with the package."""

from pathlib import Path

PACKAGE = 'spike_depth_ros'


def shared_file(name: str) -> Path:
    """Return the path of a file or folder such as 'models/stereospike_binocular.onnx'.

    It lies beside the package in a source tree, and in the package's share folder where a ROS 2
    workspace has installed it. Raises FileNotFoundError, one sentence, if it is in neither.
    """
    for folder in _folders():
        if (folder / name).exists():
            return folder / name
    places = ' nor in '.join(str(folder) for folder in _folders())
    raise FileNotFoundError(f"'{name}' is not in {places}: install the package anew.")


def _folders() -> list[Path]:
    source = Path(__file__).resolve().parent.parent
    try:
        from ament_index_python.packages import get_package_share_directory

        return [source, Path(get_package_share_directory(PACKAGE))]
    except (LookupError, OSError):  # no ROS 2 workspace around
        return [source]
