"""/trail/: who changed what, what changed since, and whether the trail is sound."""

from django.urls import path

from evidence.views.changed import WhatChanged
from evidence.views.checks import CheckNow, Checks
from evidence.views.trail import Trail

app_name = "trail"
urlpatterns = [
    path("", Trail.as_view(), name="list"),
    path("changed/", WhatChanged.as_view(), name="changed"),
    path("checks/", Checks.as_view(), name="checks"),
    path("checks/now/", CheckNow.as_view(), name="check"),
]
