"""Reading rosbag2 recordings, without a ROS installation."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from rosbags.interfaces import Connection
from rosbags.rosbag2 import Reader, ReaderError


class RecordingError(ValueError):
    """A recording that cannot be used; says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Topic:
    """Name a topic of a recording, its message type and how many messages it has."""

    name: str
    type: str
    count: int


@dataclass(frozen=True, slots=True)
class RawMessage:
    """Hold one recorded message: its topic and type, when it was logged, and its CDR bytes."""

    topic: str
    type: str
    log_time_ns: int
    cdr: bytes


class Recording:
    """Read a rosbag2 folder (sqlite3 or mcap, compressed or not), or one of its storage files.

    topics: by name. start_ns: log time of the first message; duration_ns: from the first to the
    last. about: what the writer says of it, key to value. Use it as a context manager.

    Raises RecordingError when there is no such recording, it cannot be read, or it is empty.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._reader = _open(self.path)
        self.topics = _topics(self._reader.connections)
        self.start_ns = self._reader.start_time
        self.duration_ns = self._reader.duration - 1  # rosbags counts to after the last message
        self.about = dict(self._reader.storage.metadata.custom or {})
        if not self._reader.message_count:
            self.close()
            raise RecordingError(
                f"The recording '{path}' holds no message: record it again, or give another."
            )

    def messages(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Stream the messages of some topics in the order of their log time.

        Memory holds one message at a time (with mcap: one chunk). Raises RecordingError for a
        topic that is not there, and where the stored data are damaged.
        """
        for name in topics:
            if name not in self.topics:
                raise RecordingError(missing_topic(name, self.topics.values()))
        return self._stream([c for c in self._reader.connections if c.topic in topics])

    def _stream(self, connections: list[Connection]) -> Iterator[RawMessage]:
        try:
            for connection, log_time_ns, cdr in self._reader.messages(connections):
                yield RawMessage(connection.topic, connection.msgtype, log_time_ns, bytes(cdr))
        except Exception as error:  # each storage fails with errors of its own library
            raise _unreadable(self.path, error) from error

    def close(self) -> None:
        """Close the files; no message can be read any more."""
        self._reader.close()

    def __enter__(self) -> 'Recording':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def missing_topic(name: str, topics: Collection[Topic]) -> str:
    """Return the sentence that says that a recording lacks a topic and what it has."""
    present = ', '.join(sorted(topic.name for topic in topics))
    return f"The recording has no topic '{name}'; it has {present}: give one of these."


def _open(path: Path) -> Reader:
    if not path.exists():
        raise RecordingError(
            f"The recording '{path}' does not exist: give the folder of a rosbag2 recording."
        )
    if path.is_dir() and not (path / 'metadata.yaml').exists():
        raise RecordingError(
            f"The folder '{path}' has no metadata.yaml, so it is no rosbag2 recording: give the "
            f'folder that has it, or write it with ros2 bag reindex.'
        )
    try:
        reader = Reader(path)
        reader.open()
    except (ReaderError, OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    return reader


def _unreadable(path: Path, error: Exception) -> RecordingError:
    reason = str(error).partition('\n')[0]
    return RecordingError(
        f"The recording '{path}' cannot be read ({reason}): copy or record it again."
    )


def _topics(connections: list[Connection]) -> dict[str, Topic]:
    """Sum connections up by topic: a recording has one for each QoS that was offered."""
    topics: dict[str, Topic] = {}
    for connection in connections:
        before = topics[connection.topic].count if connection.topic in topics else 0
        topics[connection.topic] = Topic(
            connection.topic, connection.msgtype, before + connection.msgcount
        )
    return topics
