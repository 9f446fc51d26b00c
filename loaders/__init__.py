"""Files in, plain columns out: city models and GIS layers as numpy arrays, usable without the viewer."""
