"""Every address of Heed."""

from django.contrib import admin
from django.urls import include, path

from qms.first_steps import first_steps

urlpatterns = [
    path("setup/next/", first_steps, name="first_steps"),
    path("", include("accounts.urls")),
    path("accounts/", include("accounts.sign_in_urls")),
    path("admin/", admin.site.urls),
    path("", include("records.urls")),
    path("", include("customers.urls")),
    path("", include("feedback.urls")),
]
