"""Addresses of the room's pages."""

from __future__ import annotations

from django.urls import path

from linli.places import views, views_codes, views_draw, views_pick, views_regrid, views_release, views_search

app_name = "places"
urlpatterns = [
    path("", views.index, name="index"),
    path("pick/", views_pick.pick, name="pick"),
    path("suggest/", views_search.suggest, name="suggest"),
    path("redrawings/<int:number>/", views_regrid.redrawing, name="redrawing"),
    path("redrawings/<int:number>/undo/", views_regrid.undo, name="undo-redrawing"),
    path("release/", views_release.release, name="release"),
    path("release/<uuid:job_id>/", views_release.release_job, name="release-job"),
    path("release/<uuid:job_id>/report/", views_release.release_report, name="release-report"),
    path("release/<uuid:job_id>/take/", views_release.take_release, name="release-take"),
    path("release/<uuid:job_id>/discard/", views_release.discard_release, name="release-discard"),
    path("<str:code>/", views.place, name="place"),
    path("<str:code>/add/", views.add, name="add"),
    path("<str:code>/rename/", views.rename, name="rename"),
    path("<str:code>/move/", views.move, name="move"),
    path("<str:code>/doors/", views.doors, name="doors"),
    path("<str:code>/end/", views.end, name="end"),
    path("<str:code>/codes/", views_codes.codes, name="codes"),
    path("<str:code>/drawn/", views_draw.list_drawn, name="drawn"),
    path("<str:code>/redraw/", views_regrid.redraw, name="redraw"),
]
