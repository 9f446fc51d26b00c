"""The demo town: a fictional small town made by code, so that the program has a city to show on any machine."""
