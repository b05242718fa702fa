"""Areas that are drawn or typed."""

from __future__ import annotations

import pytest

from linli.places.drawing import AreaUnclear, read_area

CORNERS = "111.60, 40.80\n111.70, 40.80\n111.70, 40.90\n111.60, 40.90"
GEOJSON = '{"type": "Polygon", "coordinates": [[[111.6,40.8],[111.7,40.8],[111.7,40.9],[111.6,40.9],[111.6,40.8]]]}'


@pytest.mark.parametrize(
    "text",
    [
        CORNERS,
        CORNERS + "\n111.60, 40.80\n",
        CORNERS.replace("\n", "；"),
        CORNERS.replace(", ", " "),
        "(111.6，40.8)\n(111.7，40.8)\n(111.7，40.9)\n(111.6，40.9)",
        GEOJSON,
        '{"type": "Feature", "properties": {}, "geometry": ' + GEOJSON + "}",
    ],
)
def test_one_area_in_many_hands(text: str) -> None:
    area = read_area(text)
    assert area.bounds == (111.6, 40.8, 111.7, 40.9)
    assert area.area == pytest.approx(0.01)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "111.6, 40.8\n111.7, 40.8",
        "111.6, 40.8\n111.7, 40.8\n呼伦路",
        "111.6, 40.8\n111.7\n111.7, 40.9",
        "40.8, 111.6\n40.8, 111.7\n40.9, 111.7",
        "12411000, 4990000\n12412000, 4990000\n12412000, 4991000",
        "111.6, 40.8\n111.7, 40.9\n111.7, 40.8\n111.6, 40.9",
        "111.6, 40.8\n111.7, 40.8\n111.8, 40.8",
        '{"type": "Point", "coordinates": [111.6, 40.8]}',
        '{"type": "Polygon", "coordinates": []}',
        '{"type": "Polygon", "coordinates": [[["a", "b"]]]}',
        "{",
        "[1]",
        "\n".join(f"{111 + n / 1e5:.5f}, {40 + (n % 7) / 100}" for n in range(2001)),
    ],
)
def test_what_is_unclear_is_refused_and_not_repaired(text: str) -> None:
    with pytest.raises(AreaUnclear) as caught:
        read_area(text)
    assert "WGS-84" in str(caught.value.advice)
