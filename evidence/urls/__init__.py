"""Addresses of the evidence pages."""

from django.urls import include, path

urlpatterns = [
    path("trail/", include("evidence.urls.trail")),
    path("privacy/", include("evidence.urls.privacy")),
]
