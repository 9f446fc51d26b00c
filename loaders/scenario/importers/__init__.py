"""Importers: what simulation tools really write, made into scenario packages. One tool or format, one `SPEC`."""
