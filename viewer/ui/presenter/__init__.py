"""Showing a project to people: the audience's screen and the presenter's console."""
