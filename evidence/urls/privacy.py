"""/privacy/: what is kept of a person, and its erasure."""

app_name = "privacy"
urlpatterns = []
