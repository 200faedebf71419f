"""How a service is set up: by file and environment, and nothing misspelt passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from truceline.desk.settings import LOCAL, MIB, Settings, read_settings
from truceline.errors import InputError


def refused(path: Path | None = None, env: dict[str, str] | None = None) -> str:
    """The line with which settings are refused."""
    with pytest.raises(InputError) as found:
        read_settings(path, env)
    return str(found.value)


def written(folder: Path, text: str) -> Path:
    """A settings file."""
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_has_a_default() -> None:
    """A service of this machine needs no file."""
    assert read_settings() == Settings()
    assert Settings().names == LOCAL
    assert not Settings().is_https


def test_the_environment_goes_over_the_file(tmp_path: Path) -> None:
    """What stands in both is what the environment says; numbers and lists are written as text."""
    path = written(tmp_path, 'port = 9000\nhost = "0.0.0.0"\nproxies = ["192.0.2.1"]\nbody_s = 5\n')
    env = {"TRUCELINE_SERVICE_PORT": "9001", "TRUCELINE_SERVICE_PROXIES": "10.0.0.1, 10.0.0.2", "TRUCELINE_CONFIG": "x"}
    found = read_settings(path, env)
    assert (found.host, found.port, found.body_s) == ("0.0.0.0", 9001, 5.0)  # noqa: S104  # nothing listens
    assert found.proxies == ("10.0.0.1", "10.0.0.2")


def test_an_origin_is_a_name_of_the_service() -> None:
    """And the machine itself stays one, for health."""
    found = Settings(origin="https://case.example")
    assert found.is_https
    assert found.names == ("case.example", *LOCAL)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 9000", "`prot`: no such setting"),
        ("port = 70000", "port: expected 0 to 65535, got 70000"),
        ('port = "many"', "port"),
        ("most_json = 0", "most_json: expected more than 0"),
        ("body_s = -1.0", "body_s: expected more than 0"),
        ('log_level = "loud"', "log_level: expected debug"),
        ('origin = "case.example"', "origin: expected such as"),
        ('origin = "https://case.example/path"', "origin: expected such as"),
        ('origin = "http://case.example"', "origin: expected https"),
        ('origin = "ftp://case.example"', "origin: expected such as"),
        ("port = ", "expected TOML"),
        ("[more]\nport = 1", "`more`: no such setting"),
        ('proxies = "192.0.2.1"', "proxies"),
        ('proxies = ["127.0.0.1", "proxy.example"]', "proxies: expected an address or a network"),
        ('metrics_to = ["10.0.0.0/8"]', "metrics_to: expected an address, got `10.0.0.0/8`"),
        ('webhooks_to = ["10.1.2.3/16"]', "webhooks_to: expected an address or a network"),
        ("body_s = nan", "body_s: expected more than 0, got nan"),
        ("drain_s = inf", "drain_s: expected more than 0, got inf"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, said: str) -> None:
    """With the file, the setting, and what was expected."""
    line = refused(written(tmp_path, text))
    assert said in line
    assert "settings.toml" in line


def test_what_is_misspelt_in_the_environment_is_refused() -> None:
    """A setting that is passed over in silence is a limit that is not there."""
    assert "`prot`: no such setting" in refused(env={"TRUCELINE_SERVICE_PROT": "1"})
    assert "most_upload" in refused(env={"TRUCELINE_SERVICE_MOST_UPLOAD": "lots"})


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """Whoever repairs a file wants the whole list."""
    assert len(refused(written(tmp_path, 'port = 99999\nlog_level = "x"\norigin = "y"')).splitlines()) == 3


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Or that is no text."""
    assert "cannot be read" in refused(tmp_path / "none.toml")
    path = tmp_path / "bytes.toml"
    path.write_bytes(b"\xff\xfe")
    assert "expected TOML" in refused(path)


def test_sizes_hold_together() -> None:
    """What is taken whole into memory stays small against what is taken piece by piece."""
    one = Settings()
    assert one.most_entry >= 65_535
    assert one.most_json <= one.most_statement < one.most_upload
    assert one.most_json * one.most_at_once <= 64 * MIB
    assert one.most_words * one.most_connections < one.most_held, "strangers alone leave room for statements"
    assert one.most_statement * 8 <= one.most_held
