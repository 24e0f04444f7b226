"""The crawler: Coq projects from GitHub, split by the date of what is in them, built, and made a catalogue."""
