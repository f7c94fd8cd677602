"""How days, times and moments are written where a template does not say."""
