"""The files of a new repository of clinic files: what is in them, and how they get there."""
