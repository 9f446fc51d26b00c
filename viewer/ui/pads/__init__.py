"""Gamepads (by SDL) and SpaceMice (by HID): looked for cheaply, read only while there are any. Only `hub` knows Qt."""
