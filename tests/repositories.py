"""Real git repositories for tests, free of what the machine's own git settings say."""

import os
import subprocess
from pathlib import Path


class Repository:
    """A repository whose main branch is `main`. Paths are relative to its top."""

    def __init__(self, top: Path) -> None:
        self.top = top

    @classmethod
    def make(cls, top: Path) -> "Repository":
        """An empty one, in a folder that may exist."""
        top.mkdir(parents=True, exist_ok=True)
        repository = cls(top)
        repository.git("init", "-q", "-b", "main", ".")
        return repository

    def git(self, *arguments: str) -> str:
        """Run git there and return what it prints."""
        return git(self.top, *arguments)

    def write(self, files: dict[str, str]) -> None:
        """Write files, in folders that are made where they are missing."""
        for name, text in files.items():
            path = self.top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def commit(self, files: dict[str, str] | None = None) -> str:
        """Commit files and whatever else changed, and return the commit."""
        self.write(files or {})
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "change")
        return self.git("rev-parse", "HEAD")

    def clone(self, to: Path, *options: str) -> "Repository":
        """A clone of it, over the file protocol, so that it can be shallow."""
        git(self.top, "clone", "-q", *options, self.top.as_uri(), str(to))
        return Repository(to)


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, as somebody with a name and no settings."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")} | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Test",
        "GIT_AUTHOR_EMAIL": "test@payrules.example",
        "GIT_COMMITTER_NAME": "Test",
        "GIT_COMMITTER_EMAIL": "test@payrules.example",
    }
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return done.stdout.strip()
