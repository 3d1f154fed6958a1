"""Who may import whom, and what the rules may not know."""

from __future__ import annotations

import ast
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT_IMPORTS = Path(sysconfig.get_path("scripts")) / "lint-imports"

TIME_AND_CHANCE = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "monotonic"),
    ("uuid", "uuid4"),
    ("uuid", "uuid1"),
    ("os", "urandom"),
}
CHANCE = {"random", "secrets"}


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_layers_hold() -> None:
    done = subprocess.run(
        [LINT_IMPORTS, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", sources("models/domain"), ids=lambda path: path.stem)
def test_the_rules_need_the_standard_library_and_pydantic_only(path: Path) -> None:
    roots = {module.split(".")[0] for module in imported(ast.parse(path.read_text(encoding="utf-8")))}
    assert roots - set(sys.stdlib_module_names) <= {"pydantic", "models"}
    modules = set(imported(ast.parse(path.read_text(encoding="utf-8"))))
    assert all(module.startswith("models.domain") for module in modules if module.startswith("models"))


def breaks_determinism(tree: ast.AST) -> Iterator[str]:
    for module in imported(tree):
        if module.split(".")[0] in CHANCE:
            yield f"import {module}"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case (
                ast.Attribute(value=ast.Name(id=owner), attr=name)
                | ast.Attribute(value=ast.Attribute(attr=owner), attr=name)
            ) if (owner, name) in TIME_AND_CHANCE:
                yield f"{owner}.{name}()"
            case ast.Name(id=name) if name in {name for _, name in TIME_AND_CHANCE} - {"now", "today", "time"}:
                yield f"{name}()"


@pytest.mark.parametrize("path", sources("models/domain", "workflows"), ids=lambda path: path.stem)
def test_rules_and_workflows_know_no_clock_and_no_chance(path: Path) -> None:
    assert list(breaks_determinism(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "line", ["datetime.now()", "datetime.datetime.now(UTC)", "uuid.uuid4()", "uuid4()", "import random"]
)
def test_a_clock_would_be_noticed(line: str) -> None:
    assert list(breaks_determinism(ast.parse(line)))
