"""The addresses of the KPI pages."""

from django.urls import path

from . import views

app_name = "kpis"
urlpatterns = [
    path("", views.kpi_list, name="list"),
    path("<slug:code>/", views.kpi_detail, name="detail"),
    path("<slug:code>/note/", views.add_note, name="note"),
]
