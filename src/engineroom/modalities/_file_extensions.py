"""File extensions of pictures, recordings and videos that can be decoded, and which of them need an optional
package."""

from __future__ import annotations

IMAGE_ENDINGS = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".gif", ".webp",
    ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm",
    ".jp2", ".j2k", ".jpx", ".avif", ".heic", ".heif", ".tga",
)  # fmt: skip
VIDEO_ENDINGS = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".mpg", ".mpeg", ".m4v", ".ogv", ".3gp", ".wmv")
# libsndfile reads these
SOUNDFILE = (".wav", ".flac", ".ogg", ".oga", ".mp3", ".opus", ".aiff", ".aif", ".aifc", ".au", ".caf")
COMPRESSED = (".m4a", ".aac", ".wma", ".amr", ".weba")  # these need FFmpeg, by PyAV
AUDIO_ENDINGS = SOUNDFILE + COMPRESSED
HEIF = (".heic", ".heif")  # Pillow reads these by pillow-heif


def as_pattern(endings: tuple[str, ...]) -> str:
    """A regular expression for names in lower case with one of the endings."""
    return r"\.(" + "|".join(one[1:] for one in endings) + ")$"
