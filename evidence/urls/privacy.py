"""/privacy/: what is kept of a person, and its erasure."""

from django.urls import path

from evidence.views import privacy

app_name = "privacy"
urlpatterns = [
    path("", privacy.RequestList.as_view(), name="list"),
    path("people/", privacy.Find.as_view(), name="find"),
    path("people/<str:rtype>/<int:pk>/", privacy.PersonDetail.as_view(), name="person"),
    path("people/<str:rtype>/<int:pk>/data/", privacy.PersonData.as_view(), name="data"),
    path("people/<str:rtype>/<int:pk>/erase/", privacy.RequestCreate.as_view(), name="erase"),
    path("people/<str:rtype>/<int:pk>/hold/", privacy.HoldCreate.as_view(), name="hold_create"),
    path("requests/<str:reference>/", privacy.RequestDetail.as_view(), name="request"),
    path("requests/<str:reference>/confirm/", privacy.RequestConfirm.as_view(), name="confirm"),
    path("requests/<str:reference>/decline/", privacy.RequestDecline.as_view(), name="decline"),
    path("holds/", privacy.HoldList.as_view(), name="holds"),
    path("holds/<str:reference>/", privacy.HoldDetail.as_view(), name="hold"),
    path("holds/<str:reference>/end/", privacy.HoldEnd.as_view(), name="hold_end"),
]
