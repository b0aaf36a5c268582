"""Everything that touches the world: files, schemas on disk, and later stores, clocks and providers."""
