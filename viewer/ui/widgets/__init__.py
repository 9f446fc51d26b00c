"""Small widgets that know nothing of cities."""
