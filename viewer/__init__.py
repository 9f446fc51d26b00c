"""The city viewer: document, session, rendering and user interface over the columns that `loaders` reads."""
