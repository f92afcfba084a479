"""MIDI files in and out: which notes sound in each frame of a steady grid. Drums (channel 10) are left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...core.errors import DataError, missing_extra
from ._note_encoding import PITCHES, Frame, notes

DRUMS = 9
MOST_BYTES = 8 * 2**20
MOST_FRAMES = 20_000
VELOCITY = 80
TICKS = 480  # a beat
ENDINGS = frozenset({".mid", ".midi"})


def mido() -> Any:
    try:
        import mido as library
    except ImportError:
        raise missing_extra("music", "mido", "MIDI files") from None
    return library


def read_midi(path: str | Path, *, beat: int) -> list[Frame]:
    """Frames, `beat` of them a quarter note, from the first note on. Raises DataError naming the file where there is
    none or it is damaged."""
    library = mido()
    path = Path(path)
    if not path.is_file():
        raise DataError(f"There is no MIDI file {path}.", "", "Name a .mid file.")
    if path.stat().st_size > MOST_BYTES:
        raise DataError(
            f"{path} is no ordinary MIDI file.", f"It is larger than {MOST_BYTES >> 20} MiB.", "Cut it into pieces."
        )
    try:
        file = library.MidiFile(path, clip=True)
        grid = file.ticks_per_beat / beat
        played = [spans(track, grid) for track in file.tracks]
    except (OSError, EOFError, ValueError, KeyError, IndexError, ZeroDivisionError) as error:
        raise DataError(
            f"{path} is no MIDI file that can be read.",
            f"{type(error).__name__}: {str(error)[:120]}",
            "Save it again as a standard MIDI file.",
        ) from None
    found = [one for part in played for one in part]
    if not found:
        raise DataError(f"{path} holds no notes.", "It has no track with notes beside drums.", "Leave it out.")
    first = min(begin for _, begin, _ in found)
    length = max(end for _, _, end in found) - first
    if length > MOST_FRAMES:
        raise DataError(
            f"{path} is {length:,} frames long.",
            f"At most {MOST_FRAMES:,} are read.",
            "Cut it into pieces, or take fewer frames a beat: --set options.beat=2",
        )
    frames: list[dict[int, bool]] = [{} for _ in range(length)]
    for pitch, begin, end in found:
        for t in range(begin - first, end - first):
            held = t > begin - first
            frames[t][pitch] = frames[t].get(pitch, True) and held
    return [sorted(frame.items(), reverse=True) for frame in frames]


def spans(track: Any, grid: float) -> list[tuple[int, int, int]]:
    """(pitch, first frame, frame after the last) of every note of a track; a note that is never let go ends with the
    track."""
    out: list[tuple[int, int, int]] = []
    begun: dict[tuple[int, int], int] = {}
    now = 0
    for message in track:
        now += message.time
        if message.type not in ("note_on", "note_off") or message.channel == DRUMS:
            continue
        key = (message.channel, message.note)
        if key in begun:
            out.append(placed(message.note, begun.pop(key), now, grid))
        if message.type == "note_on" and message.velocity > 0:
            begun[key] = now
    return out + [placed(note, ticks, now, grid) for (_, note), ticks in begun.items()]


def placed(pitch: int, begin: int, end: int, grid: float) -> tuple[int, int, int]:
    first = round(begin / grid)
    return min(pitch, PITCHES - 1), first, max(first + 1, round(end / grid))


def write_midi(frames: list[Frame], path: str | Path, *, beat: int, tempo: float) -> None:
    """`tempo` in quarter notes a minute."""
    library = mido()
    events = []
    for pitch, begin, length in notes(frames):
        events += [(begin, 1, "note_on", pitch), (begin + length, 0, "note_off", pitch)]
    track = library.MidiTrack([library.MetaMessage("set_tempo", tempo=library.bpm2tempo(tempo))])
    before = 0
    for at, _, kind, pitch in sorted(events):
        track.append(library.Message(kind, note=pitch, velocity=VELOCITY, time=round((at - before) * TICKS / beat)))
        before = at
    file = library.MidiFile(ticks_per_beat=TICKS)
    file.tracks.append(track)
    file.save(path)
