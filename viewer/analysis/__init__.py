"""Pure functions over arrays: classification, palettes, statistics."""
