"""The forms of this room: signing in, people, and the organisation."""
