"""The addresses of imports."""

from django.urls import path

from records.views import imports

app_name = "imports"
urlpatterns = [
    path("", imports.ImportList.as_view(), name="list"),
    path("new/", imports.ImportCreate.as_view(), name="create"),
    path("<str:reference>/", imports.ImportDetail.as_view(), name="detail"),
    path("<str:reference>/read/", imports.ImportRead.as_view(), name="read"),
    path("<str:reference>/match/", imports.ImportMatch.as_view(), name="match"),
    path("<str:reference>/write/", imports.ImportWrite.as_view(), name="write"),
    path("<str:reference>/undo/", imports.ImportUndo.as_view(), name="undo"),
    path("<str:reference>/resume/", imports.ImportResume.as_view(), name="resume"),
    path("<str:reference>/stop/", imports.ImportStop.as_view(), name="stop"),
    path("<str:reference>/discard/", imports.ImportDiscard.as_view(), name="discard"),
    path("<str:reference>/errors.csv", imports.ImportErrors.as_view(), name="errors"),
]
