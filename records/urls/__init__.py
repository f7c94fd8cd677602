"""The addresses of this room: notifications and drafts; background work has a namespace of its own."""

from django.urls import include, path

from records.views import drafts, notifications

urlpatterns = [
    path("imports/", include("records.urls.imports")),
    path("jobs/", include("records.urls.jobs")),
    path("notifications/", notifications.notification_list, name="notifications"),
    path("notifications/read/", notifications.read_all, name="notifications_read_all"),
    path("notifications/<int:pk>/open/", notifications.open_notification, name="notification_open"),
    path("notifications/<int:pk>/read/", notifications.read_notification, name="notification_read"),
    path("drafts/<slug:form>/", drafts.draft, name="draft"),
    path("drafts/<slug:form>/clear/", drafts.clear, name="draft_clear"),
]
