from pathlib import Path

from tests.deploy.nginx import checked, write_configuration


def test_nginx_takes_the_snippet(tmp_path: Path) -> None:
    said = checked(write_configuration(tmp_path / "nginx", [1, 2], 8080))

    assert said.returncode == 0, said.stderr
    assert "test is successful" in said.stderr
