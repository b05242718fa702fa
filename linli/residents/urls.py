"""Addresses of the room's pages. No personal value stands in any of them."""

from __future__ import annotations

from django.urls import path

from linli.residents import views_households as households
from linli.residents import views_people as people
from linli.residents.duplicates import views as duplicates

app_name = "residents"
urlpatterns = [
    path("", people.search, name="search"),
    path("duplicates/", duplicates.index, name="duplicates"),
    path("duplicates/find/", duplicates.find, name="find-duplicates"),
    path("duplicates/<int:id>/", duplicates.pair, name="duplicate"),
    path("duplicates/<int:id>/decide/", duplicates.decide, name="decide-duplicate"),
    path("mergers/", duplicates.mergers, name="mergers"),
    path("mergers/<int:id>/undo/", duplicates.undo, name="undo-merger"),
    path("door/<int:key>/", households.door, name="door"),
    path("door/<int:key>/new/", households.new_household, name="new-household"),
    path("household/<int:id>/", households.household, name="household"),
    path("household/<int:id>/edit/", households.edit_household, name="edit-household"),
    path("household/<int:id>/add/", households.add_person, name="add-person"),
    path("household/<int:id>/move/", households.move_household, name="move-household"),
    path("household/<int:id>/vacant/", households.vacant, name="vacant"),
    path("person/<int:id>/", people.person, name="person"),
    path("person/<int:id>/row/", people.person_row, name="person-row"),
    path("person/<int:id>/edit/", people.edit_person, name="edit-person"),
    path("person/<int:id>/presence/", people.presence, name="presence"),
    path("person/<int:id>/move/", people.move_person, name="move-person"),
    path("person/<int:id>/unmask/", people.unmask, name="unmask"),
]
