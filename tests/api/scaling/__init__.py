"""What calls cost as their input grows, counted."""
