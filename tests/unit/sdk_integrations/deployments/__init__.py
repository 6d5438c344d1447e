"""Programs that run under real servers and end in every way, each in the newest framework environment."""
