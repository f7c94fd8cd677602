"""Every address of Heed."""

from django.contrib import admin
from django.urls import include, path

from qms.first_steps import first_steps
from qms.home import home
from qms.search import search

urlpatterns = [
    path("", home, name="home"),
    path("setup/next/", first_steps, name="first_steps"),
    path("", include("accounts.urls")),
    path("accounts/", include("accounts.sign_in_urls")),
    path("search/", search, name="search"),
    path("admin/", admin.site.urls),
    path("", include("records.urls")),
    path("", include("customers.urls")),
    path("", include("feedback.urls")),
    path("kpis/", include("kpis.urls")),
    path("", include("evidence.urls")),
]
