"""The picture of a lifecycle, drawn from its map, so that it cannot differ from what the engine allows."""

from __future__ import annotations

from models.domain import words
from models.domain.lifecycles.map import Lifecycle


def mermaid(lifecycle: Lifecycle) -> str:
    """A Mermaid state diagram: every stage with its Chinese word, every edge of the map, in the map's own order."""
    stages = list(lifecycle.edges)
    lines = ["stateDiagram-v2"]
    lines += [f"    [*] --> {stage}" for stage in (lifecycle.first_stage, *lifecycle.other_first_stages)]
    lines += [f"    {stage} : {stage} {words.stage(lifecycle.kind, stage)}" for stage in stages]
    for stage, following in lifecycle.edges.items():
        lines += [f"    {stage} --> {next_stage}" for next_stage in sorted(following, key=stages.index)]
    lines += [f"    {stage} --> [*]" for stage in stages if stage in lifecycle.ends]
    return "\n".join(lines)
