"""The repository works on anybody's machine: no file names a package host, or a place on one machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = {"", *".py .toml .md .yml .yaml .json .lock .txt .ini .sh .html .js .css".split()}

HOSTS = re.compile(
    r"\"resolved\": *\"https?:|--(?:extra-)?index-url +https?:|^ *(?:index-url|registry) *= *https?:"
    r"|https?://[\w.-]+/simple\b|https?://[\w.-]*(?:registry|artifactory|nexus)[\w.-]*"
)
"""By the shape of what package managers write, so that no host is named here either."""

PLACES = re.compile(r"(?<![\w./-])/(?:work|root|Users|home/\w+|tmp/venv)/")


def files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    if listed.returncode:
        return [path for path in ROOT.glob("*") if path.suffix in TEXT and path.is_file()]
    paths = [ROOT / line for line in listed.stdout.splitlines()]
    return [path for path in paths if path.suffix in TEXT and path.is_file() and path != Path(__file__)]


def found(pattern: re.Pattern[str]) -> list[str]:
    said = []
    for path in files():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if pattern.search(line):
                said.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    return said


def test_no_file_names_a_package_host() -> None:
    assert found(HOSTS) == []


def test_no_file_names_a_place_on_one_machine() -> None:
    assert found(PLACES) == []


@pytest.mark.parametrize(
    "line",
    ["--index-url https://packages.example/simple", '"resolved": "https://packages.example/a"', "registry=https://a"],
)
def test_a_host_would_be_noticed(line: str) -> None:
    assert HOSTS.search(line)


@pytest.mark.parametrize("line", ['open("/home/somebody/file")', "cd /Users/me/x"])
def test_a_place_would_be_noticed(line: str) -> None:
    assert PLACES.search(line)
