"""User settings: one declarative table and versioned migrations."""
