"""``hf planner``: this program as an extension of ``hf``, which looks for a manifest in one folder and nowhere else.

``hf NAME`` runs the ``executable_path`` of ``~/.local/share/hf/extensions/hf-NAME/manifest.json`` and does not search
the path (``huggingface_hub`` 1.5 to 2.4, ``cli/extensions.py``). ``hf extensions install`` fills that folder from a
repository; what is installed already only needs the manifest.
"""

import json
import os
import shlex
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hfplanner.errors import HfplannerError, UsageError
from hfplanner.times import json_moment

__all__ = ["Extension", "install_extension", "installed_extension", "remove_extension"]

_NAME = "planner"
_SCRIPT = f"hf-{_NAME}"
# No account of GitHub has an underscore in its name: `hf extensions update` can never replace us by a stranger's code.
_OWNER = "this_machine"
_DESCRIPTION = "Plan the cost and hardware of Hugging Face Jobs."


@dataclass(frozen=True, slots=True)
class Extension:
    """What ``hf`` knows of this program.

    Args:
        manifest: the file that ``hf`` reads.
        executable: what it runs.
    """

    manifest: Path
    executable: Path

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {"command": f"hf {_NAME}", "executable": str(self.executable), "manifest": str(self.manifest)}


def install_extension(home: Path, now: datetime, *, force: bool = False) -> Extension:
    """Make ``hf planner`` run the program that runs now; done again, it points to where the program is now.

    Args:
        home: the user's home folder.
        now: the time, UTC.
        force: whether to replace an extension of this name that comes from elsewhere.

    Raises:
        UsageError: there is one from elsewhere.
        HfplannerError: the manifest cannot be written.
    """
    folder = _folder(home)
    if folder.exists() and installed_extension(home) is None and not force:
        raise UsageError(
            f"There is an extension 'planner' from elsewhere in {folder}.",
            hint="--force replaces it; `hf extensions list` shows where it comes from.",
        )
    try:
        if installed_extension(home) is None:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        extension = Extension(folder / "manifest.json", _script() or _launcher(folder))
        extension.manifest.write_text(json.dumps(_manifest(extension, now), indent=2), encoding="utf-8")
    except OSError as error:
        raise HfplannerError(f"The extension could not be written to {folder} ({error.strerror}).") from error
    return extension


def installed_extension(home: Path) -> Extension | None:
    """Return the extension that :func:`install_extension` made; ``None`` where there is none, or one from elsewhere."""
    manifest = _folder(home) / "manifest.json"
    try:
        document = json.loads(manifest.read_text(encoding="utf-8"))
        is_ours = document["owner"] == _OWNER
        return Extension(manifest, Path(document["executable_path"])) if is_ours else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remove_extension(home: Path) -> Extension:
    """Undo :func:`install_extension` and return what was there.

    Raises:
        UsageError: there is none that it made.
        HfplannerError: its folder cannot be removed.
    """
    found = installed_extension(home)
    if found is None:
        raise UsageError(
            "`hf planner` was not installed by `hfplanner extension install`.",
            hint="`hf extensions list` shows all; `hf extensions remove planner` removes one from elsewhere.",
        )
    try:
        shutil.rmtree(found.manifest.parent)
    except OSError as error:
        raise HfplannerError(f"{found.manifest.parent} could not be removed ({error.strerror}).") from error
    return found


def _folder(home: Path) -> Path:
    return home / ".local" / "share" / "hf" / "extensions" / _SCRIPT


def _script() -> Path | None:
    """Return the console script of the installation that runs, where there is one."""
    name = f"{_SCRIPT}.exe" if os.name == "nt" else _SCRIPT
    script = Path(sysconfig.get_path("scripts")) / name
    return script if script.is_file() else None


def _launcher(folder: Path) -> Path:
    """Write a script that runs the module with the interpreter that runs now: it was not installed, only imported."""
    package = Path(__file__).parent.parent
    script = folder / _SCRIPT
    run = f'PYTHONPATH={shlex.quote(str(package))} exec {shlex.quote(sys.executable)} -m hfplanner "$@"'
    script.write_text(f"#!/bin/sh\n{run}\n", encoding="utf-8")
    script.chmod(0o755)
    return script


def _manifest(extension: Extension, now: datetime) -> dict[str, Any]:
    return {
        "owner": _OWNER,
        "repo": _SCRIPT,
        "repo_id": f"{_OWNER}/{_SCRIPT}",
        "short_name": _NAME,
        "executable_path": str(extension.executable),
        "type": "binary",
        "installed_at": json_moment(now),
        "description": _DESCRIPTION,
        "commit_sha": None,
    }
