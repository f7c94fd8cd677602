"""The addresses of feedback and complaints."""

from django.urls import path

from .views import entry, lists, record

app_name = "feedback"
urlpatterns = [
    path("feedback/", lists.FeedbackList.as_view(), name="list"),
    path("complaints/", lists.ComplaintList.as_view(), name="complaints"),
    path("feedback/new/", entry.FeedbackCreate.as_view(), name="create"),
    path("feedback/new/preview/", entry.FeedbackPreview.as_view(), name="preview"),
    path("feedback/<str:reference>/", record.FeedbackDetail.as_view(), name="detail"),
    path("feedback/<str:reference>/edit/", entry.FeedbackEdit.as_view(), name="edit"),
    path("feedback/<str:reference>/acknowledge/", record.FeedbackAcknowledge.as_view(), name="acknowledge"),
    path("feedback/<str:reference>/answer/", record.FeedbackAnswer.as_view(), name="answer"),
    path("feedback/<str:reference>/close/", record.FeedbackClose.as_view(), name="close"),
    path("feedback/<str:reference>/reopen/", record.FeedbackReopen.as_view(), name="reopen"),
    path("feedback/<str:reference>/assign/", record.FeedbackAssign.as_view(), name="assign"),
    path("feedback/<str:reference>/note/", record.FeedbackNote.as_view(), name="note"),
    path("feedback/<str:reference>/void/", record.FeedbackVoid.as_view(), name="void"),
    path("feedback/<str:reference>/undo/", record.FeedbackUndo.as_view(), name="undo"),
]
