"""Scenario packages: results of simulations on a city, with their units, uncertainty and origin."""
