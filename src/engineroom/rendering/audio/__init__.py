"""Sound → spectrograms, players, subtitles."""
