"""Music and drawings → piano rolls, MIDI, SVG."""
