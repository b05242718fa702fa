"""Addresses of the pages of rounds. Codes of rounds and places are letters, digits and hyphens."""

from __future__ import annotations

from django.urls import path

from linli.rounds import views, views_building, views_gaps, views_map, views_new

app_name = "rounds"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views_new.new_round, name="new"),
    path("new/places/", views_new.list_places, name="new-places"),
    path("new/count/", views_new.count_scope, name="new-count"),
    path("new/drawn/", views_map.list_drawn, name="new-drawn"),
    path("<str:code>/", views.board, name="board"),
    path("<str:code>/live/", views.board_live, name="board-live"),
    path("<str:code>/aside/", views.board_aside, name="board-aside"),
    path("<str:code>/map/", views_map.show_map, name="map"),
    path("<str:code>/map/live/", views_map.map_live, name="map-live"),
    path("<str:code>/open/", views.open_round, name="open"),
    path("<str:code>/close/", views.close_round, name="close"),
    path("<str:code>/reopen/", views.reopen_round, name="reopen"),
    path("<str:code>/certificate/", views.certificate, name="certificate"),
    path("<str:code>/work/<uuid:job_id>/", views.work, name="work"),
    path("<str:code>/gaps/", views_gaps.gaps, name="gaps"),
    path("<str:code>/gaps/export/", views_gaps.export, name="export"),
    path("<str:code>/mark/", views_gaps.mark, name="mark"),
    path("<str:code>/mark/undo/", views_gaps.take_back, name="take-back"),
    path("<str:code>/marks/<int:subject_id>/", views_building.list_marks, name="marks"),
    path("<str:code>/door/<int:key>/", views_building.door, name="door"),
    path("<str:code>/building/<str:place_code>/", views_building.building, name="building"),
]
