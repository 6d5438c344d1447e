"""What must survive: kills, restarts of the database, stops, overload."""
