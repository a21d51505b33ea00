"""Checks of our own: links in the documents, the size of modules and functions, the locks.

Each check returns one line a problem, with file and line, and none where all is well.
"""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from recoup.cli import environment

LONGEST_FILE: Final = 500
LONGEST_FUNCTION: Final = 70
LINK: Final = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
FENCE: Final = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
NAME: Final = re.compile(r"^[A-Za-z0-9._-]+")

AnyFunction = ast.FunctionDef | ast.AsyncFunctionDef


def tracked(root: Path, pattern: str) -> list[Path]:
    """Files that are in the repository, or will be: not ignored, and there."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", pattern],
        cwd=root,
        capture_output=True,
        text=True,
    )
    if done.returncode:  # no git here, or no repository: look at everything
        hidden = (".venv", "var", "node_modules")
        found = [path for path in root.rglob(pattern) if not set(path.parts) & set(hidden)]
        return sorted(found)
    return sorted(
        root / name for name in done.stdout.split("\0") if name and (root / name).exists()
    )


# Documents


def broken_links(root: Path = environment.ROOT) -> list[str]:
    """Relative links in Markdown files that lead nowhere, and anchors that do not exist."""
    problems = []
    for document in tracked(root, "*.md"):
        text = document.read_text(encoding="utf-8")
        for line, target in links(text):
            problem = problem_of_link(document, target)
            if problem:
                problems.append(f"{document.relative_to(root)}:{line}: {problem}")
    return problems


def links(text: str) -> Iterator[tuple[int, str]]:
    """Each link with its line; what stands between fences is no link."""
    shown = FENCE.sub(lambda block: "\n" * block.group(0).count("\n"), text)
    for number, line in enumerate(shown.splitlines(), start=1):
        for match in LINK.finditer(line):
            yield number, match.group(1)


def problem_of_link(document: Path, target: str) -> str | None:
    if re.match(r"[a-z][a-z0-9+.-]*:", target):
        return None  # an address elsewhere: nothing here depends on the network
    name, _, anchor = target.partition("#")
    path = document if not name else document.parent / unquote(name)
    if not path.exists():
        return f"the link {target} leads nowhere"
    if anchor and path.suffix == ".md" and anchor not in anchors(path.read_text(encoding="utf-8")):
        return f"the link {target} names a heading that {path.name} does not have"
    return None


def anchors(text: str) -> set[str]:
    """The anchors that a Markdown viewer makes of the headings."""
    headings = re.findall(r"^#+\s+(.+?)\s*#*$", FENCE.sub("", text), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


# Modules


def untidy_modules(root: Path = environment.ROOT) -> list[str]:
    """Modules without a docstring, files and functions that are too long."""
    problems = []
    for path in tracked(root, "*.py"):
        name = str(path.relative_to(root))
        if "/migrations/" in name:
            continue  # written once, by a program
        found = problems_of_module(path.read_text(encoding="utf-8"))
        problems += [f"{name}: {problem}" for problem in found]
    return problems


def problems_of_module(text: str) -> Iterator[str]:
    lines = len(text.splitlines())
    if lines > LONGEST_FILE:
        yield f"{lines} lines; {LONGEST_FILE} at most: divide it"
    tree = ast.parse(text)
    if text.strip() and ast.get_docstring(tree) is None:
        yield "it does not open by saying what it is for (module docstring)"
    for node in ast.walk(tree):
        if isinstance(node, AnyFunction):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"line {node.lineno}: {node.name} has {length} lines, over {LONGEST_FUNCTION}"


# Locks


def unsafe_locks(root: Path = environment.ROOT) -> list[str]:
    """Entries without a hash, addresses in a lock, and asked-for packages that a lock lacks."""
    wanted = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    runs = {package(line) for line in wanted["project"]["dependencies"]}
    develops = {package(line) for line in wanted["dependency-groups"]["dev"]}
    fast = {package(line) for line in wanted["project"]["optional-dependencies"]["fast"]}
    peers = {package(line) for line in wanted["dependency-groups"]["bench"]}
    problems: list[str] = []
    locks = {
        "requirements.lock": runs,
        "requirements-fast.lock": runs | fast,
        "requirements-bench.lock": runs | peers,
        "requirements-dev.lock": runs | develops,
    }
    for name, asked in locks.items():
        problems += problems_of_lock(name, (root / name).read_text(encoding="utf-8"), asked)
    return problems


def problems_of_lock(name: str, text: str, asked: set[str]) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), start=1):
        if "://" in line:
            yield f"{name}:{number}: an address; a lock names packages and hashes only"
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    pinned = {package(entry): entry for entry in entries if "==" in entry}
    for entry in sorted(pinned):
        if "--hash=sha256:" not in pinned[entry]:
            yield f"{name}: {entry} has no hash"
    for missing in sorted(asked - set(pinned)):
        yield f"{name}: {missing} is asked for in pyproject.toml and is not here; renew the lock"


def package(line: str) -> str:
    """The normalised name at the beginning of a requirement."""
    match = NAME.match(line.strip())
    return re.sub(r"[-_.]+", "-", match.group(0)).lower() if match else ""
