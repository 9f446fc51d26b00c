"""Videos: pictures in, MP4 (H.264) or WebM (VP9) out, in parts that can be made one by one and joined without loss.

Colours are those of Rec. ITU-R BT.709, as players assume for high definition. Pictures refer to earlier ones only, so
each part begins with a whole picture and times need no shifting when parts are joined.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

Quality = Literal["draft", "normal", "high"]
Image8 = npt.NDArray[np.uint8]

CODECS = {".mp4": "libx264", ".webm": "libvpx-vp9"}
"""Encoder by the file's ending."""
_H264 = {
    "draft": {"crf": "28", "preset": "ultrafast"},
    "normal": {"crf": "21", "preset": "veryfast"},
    "high": {"crf": "16", "preset": "medium"},
}
_VP9 = {
    "draft": {"crf": "40", "deadline": "realtime", "cpu-used": "8"},
    "normal": {"crf": "32", "deadline": "realtime", "cpu-used": "6"},
    "high": {"crf": "22", "deadline": "good", "cpu-used": "2"},
}
_BT709, _LIMITED = 1, 1
"""Codes of ITU-T H.273 for matrix, primaries and transfer, and FFmpeg's code for video levels."""
KEYS_SECONDS = 2.0
"""A whole picture at least so often, for jumping in players."""


class VideoError(Exception):
    """A video cannot be written; the text is one line for the user."""


class VideoWriter:
    """Writes one file. Close it, or `abort`, which removes the file.

    Args:
        path: its ending chooses the format (`CODECS`).
        size: width and height, both even, pixels.
        fps: pictures a second, whole.

    Raises:
        VideoError: the encoder is not there, or the file cannot be written.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: int, quality: Quality = "normal") -> None:
        import av

        self.path = path
        self.frames = 0
        suffix = path.suffix.lower()
        vp9 = CODECS[suffix] == "libvpx-vp9"
        chosen = (_VP9 if vp9 else _H264)[quality]
        options = {**chosen, "b": "0", "row-mt": "1"} if vp9 else {**chosen, "bf": "0", "sc_threshold": "0"}
        try:
            self._file: Any = av.open(str(path), "w", format=suffix[1:])
            self._stream = cast(Any, self._file.add_stream(CODECS[suffix], rate=fps, options=options))
        except (av.FFmpegError, OSError) as error:
            raise VideoError(_reason(path, error)) from error
        except ValueError as error:
            raise VideoError(f"{path.name}: this installation has no encoder {CODECS[suffix]}.") from error
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        context: Any = self._stream.codec_context
        context.gop_size = max(1, round(fps * KEYS_SECONDS))
        context.thread_type = "AUTO"
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = _LIMITED

    def write(self, image: Image8) -> None:
        """Add a picture, uint8 (H, W, 3); raises `VideoError`."""
        import av

        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        frame.pts = self.frames
        frame.time_base = Fraction(1, int(self._stream.average_rate))
        self.frames += 1
        try:
            self._file.mux(self._stream.encode(frame))
        except (av.FFmpegError, OSError) as error:
            raise VideoError(_reason(self.path, error)) from error

    def close(self) -> None:
        """Finish the file; raises `VideoError`."""
        import av

        try:
            self._file.mux(self._stream.encode(None))
            self._file.close()
        except (av.FFmpegError, OSError) as error:
            raise VideoError(_reason(self.path, error)) from error

    def abort(self) -> None:
        """Give up: the file goes."""
        with suppress(Exception):
            self._file.close()
        self.path.unlink(missing_ok=True)


def join(parts: Sequence[Path], path: Path, fps: int, frames: Sequence[int], facts: Mapping[str, str]) -> None:
    """Put parts that `VideoWriter` made into one file, without coding them anew. Raises `VideoError`.

    ``frames``: pictures in each part; ``facts``: title, comment and the like, kept in the file.
    """
    import av

    suffix = path.suffix.lower()
    options = {"movflags": "+faststart"} if suffix == ".mp4" else {}
    try:
        with av.open(str(path), "w", format=suffix[1:], options=options) as out:
            out.metadata.update(facts)
            target: Any = None
            before = 0
            for part, count in zip(parts, frames, strict=True):
                with av.open(str(part)) as file:
                    source = file.streams.video[0]
                    if target is None:
                        target = out.add_stream_from_template(source)
                    _copy(file, source, out, target, Fraction(before, fps))
                before += count
    except (av.FFmpegError, OSError) as error:
        raise VideoError(_reason(path, error)) from error


def _copy(file: Any, source: Any, out: Any, target: Any, start: Fraction) -> None:
    """Move all packets of a stream to another file, ``start`` seconds later."""
    for packet in file.demux(source):
        if packet.pts is None:
            continue
        shift = round(start / packet.time_base)
        packet.pts += shift
        packet.dts = packet.pts
        packet.stream = target
        out.mux(packet)


def frames_in(path: Path) -> int:
    """How many pictures a file holds, by its packets; 0 if it is no video."""
    import av

    try:
        with av.open(str(path)) as file:
            return sum(packet.pts is not None for packet in file.demux(file.streams.video[0]))
    except (av.FFmpegError, OSError, IndexError):
        return 0


def _reason(path: Path, error: Exception) -> str:
    reason = getattr(error, "strerror", None) or str(error)
    return f"{path.name} cannot be written ({reason}); choose another place, or make room on the disk."
