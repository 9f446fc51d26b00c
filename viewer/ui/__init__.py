"""Qt: widgets over the session. `canvas.py` is the only file with both Qt and VTK."""
