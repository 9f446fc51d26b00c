"""Long work: progress, cancel and generation numbers."""
