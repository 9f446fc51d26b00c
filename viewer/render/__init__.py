"""VTK and shaders: a RenderState in, pixels out. No Qt."""
