"""The addresses of background work."""

from django.urls import path

from records.views import jobs

app_name = "jobs"
urlpatterns = [
    path("", jobs.job_list, name="list"),
    path("<int:pk>/retry/", jobs.retry_job, name="retry"),
    path("<int:pk>/cancel/", jobs.cancel_job, name="cancel"),
]
