"""/trail/: who changed what, what changed since, and whether the trail is sound."""

app_name = "trail"
urlpatterns = []
