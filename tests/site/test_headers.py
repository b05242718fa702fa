"""The content security policy, with map tiles and without."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from linli.site.headers import write_policy


def test_nothing_is_loaded_from_elsewhere() -> None:
    policy = write_policy("")
    assert "default-src 'self';" in policy
    assert "http" not in policy


def test_tiles_open_one_host_and_no_more() -> None:
    policy = write_policy("https://tiles.example.cn:8443/a/{z}/{x}/{y}.png?key=1")
    assert "img-src 'self' data: blob: https://tiles.example.cn:8443;" in policy
    assert "connect-src 'self' https://tiles.example.cn:8443;" in policy
    assert policy.count("https:") == 2


@pytest.mark.parametrize(
    "address",
    [
        "https://tiles.example.cn/",
        "ftp://tiles.example.cn/{z}/{x}/{y}.png",
        "https://*.example.cn/{z}/{x}/{y}.png",
        "https://tiles.example.cn; script-src */{z}/{x}/{y}.png",
        "/{z}/{x}/{y}.png",
    ],
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="LINLI_TILES"):
        write_policy(address)
