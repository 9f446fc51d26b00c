"""The project: layers, styles, viewpoints, selection and undo. No Qt, no VTK."""
