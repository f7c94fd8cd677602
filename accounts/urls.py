"""People, units, the organisation, and everybody's own preferences."""

from django.urls import path

from accounts.views import me, organisation, people, set_up, units

app_name = "accounts"
urlpatterns = [
    path("setup/", set_up.set_up, name="setup"),
    path("me/", me.preferences, name="preferences"),
    path("people/", people.PersonList.as_view(), name="people"),
    path("people/invite/", people.Invite.as_view(), name="invite"),
    path("people/<int:pk>/", people.PersonDetail.as_view(), name="person"),
    path("people/<int:pk>/edit/", people.PersonEdit.as_view(), name="person_edit"),
    path("people/<int:pk>/invite-again/", people.InviteAgain.as_view(), name="invite_again"),
    path("people/<int:pk>/appoint/", people.Appoint.as_view(), name="appoint"),
    path("people/<int:pk>/deactivate/", people.Deactivate.as_view(), name="deactivate"),
    path("people/<int:pk>/reactivate/", people.Reactivate.as_view(), name="reactivate"),
    path("people/appointments/<str:reference>/end/", people.EndAppointment.as_view(), name="appointment_end"),
    path("people/appointments/<str:reference>/void/", people.VoidAppointment.as_view(), name="appointment_void"),
    path("units/", units.tree, name="units"),
    path("units/new/", units.UnitCreate.as_view(), name="unit_create"),
    path("units/<str:reference>/", units.UnitDetail.as_view(), name="unit"),
    path("units/<str:reference>/edit/", units.UnitEdit.as_view(), name="unit_edit"),
    path("organisation/", organisation.organisation, name="organisation"),
    path("organisation/edit/", organisation.OrganisationEdit.as_view(), name="organisation_edit"),
    path("organisation/deadlines/", organisation.deadlines, name="deadlines"),
    path("organisation/closures/new/", organisation.ClosureCreate.as_view(), name="closure_create"),
    path("organisation/closures/<str:reference>/void/", organisation.ClosureVoid.as_view(), name="closure_void"),
]
