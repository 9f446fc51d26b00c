"""Pure functions over arrays: classification, palettes, filters, areas."""
