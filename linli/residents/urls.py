"""Addresses of the room's pages. No personal value stands in any of them."""

from __future__ import annotations

from django.urls import path

from linli.residents import views
from linli.residents.duplicates import views as duplicates

app_name = "residents"
urlpatterns = [
    path("", views.search, name="search"),
    path("duplicates/", duplicates.index, name="duplicates"),
    path("duplicates/find/", duplicates.find, name="find-duplicates"),
    path("duplicates/<int:id>/", duplicates.pair, name="duplicate"),
    path("duplicates/<int:id>/decide/", duplicates.decide, name="decide-duplicate"),
    path("mergers/", duplicates.mergers, name="mergers"),
    path("mergers/<int:id>/undo/", duplicates.undo, name="undo-merger"),
    path("door/<int:key>/", views.door, name="door"),
    path("door/<int:key>/new/", views.new_household, name="new-household"),
    path("household/<int:id>/", views.household, name="household"),
    path("household/<int:id>/edit/", views.edit_household, name="edit-household"),
    path("household/<int:id>/add/", views.add_person, name="add-person"),
    path("household/<int:id>/move/", views.move_household, name="move-household"),
    path("household/<int:id>/vacant/", views.vacant, name="vacant"),
    path("person/<int:id>/", views.person, name="person"),
    path("person/<int:id>/row/", views.person_row, name="person-row"),
    path("person/<int:id>/edit/", views.edit_person, name="edit-person"),
    path("person/<int:id>/presence/", views.presence, name="presence"),
    path("person/<int:id>/move/", views.move_person, name="move-person"),
    path("person/<int:id>/unmask/", views.unmask, name="unmask"),
]
