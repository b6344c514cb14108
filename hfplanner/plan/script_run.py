"""A script for ``uv run``: what is typed, merged with what the script carries, as ``hf jobs uv run`` does it.

What is typed wins. Variables, labels, secrets and volumes are merged entry by entry; network aliases are a set, so
typed ones replace the script's. A script or an argument that is a file of this machine goes up with the job.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from hfplanner.errors import HubInterrupted, UsageError, quoted
from hfplanner.plan.asked import AskedJob
from hfplanner.plan.request import JobRequest, key_and_value, read_job
from hfplanner.plan.spec_job import UV_IMAGE
from hfplanner.plan.uploads import ARTIFACTS_MOUNT, volume_parts
from hfplanner.specs.documents import MAX_SPEC_BYTES, decoded, read_spec_text
from hfplanner.specs.script import ScriptHeader, parse_header

__all__ = ["ScriptRun", "load_script", "read_script_run"]

_FILES = (".py", ".sh", ".yaml", ".yml", ".toml")
_DOWNLOAD_SECS = 10.0
_UNNAMED = "unnamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptRun:
    """A script that was typed, with its content where it has one.

    Args:
        script: a path, a URL, or a command of a package.
        args: what it is called with.
        packages: to be installed with it.
        python: the interpreter.
        path: where its content lies on this machine; ``None`` for a command.
        header: what it carries.
    """

    script: str
    args: Sequence[str] = ()
    packages: Sequence[str] = ()
    python: str | None = None
    path: Path | None = None
    header: ScriptHeader | None = None

    @property
    def jobs(self) -> Mapping[str, Any]:
        """The table ``[tool.hf-jobs]``; empty without one."""
        return (self.header.jobs if self.header else None) or {}

    @property
    def planner(self) -> Mapping[str, str]:
        """The table ``[tool.hfplanner]``; empty without one."""
        return self.header.planner if self.header else {}


def load_script(run: ScriptRun, temporary: Path | None = None) -> ScriptRun:
    """Return a script with its content and its header; one at a URL is downloaded once, and sent as it is now.

    Args:
        run: as typed.
        temporary: a folder for what is downloaded, which has to live until the job was sent; ``None`` where the script
            is not at a URL.

    Raises:
        JobSpecError: its header cannot be meant, or it cannot be read.
        UsageError: a file that is named is not there.
        HubInterrupted: the URL gave no script.
    """
    if temporary is not None and run.script.startswith(("https://", "http://")):
        path = _downloaded(run.script, temporary)
        return replace(run, path=path, header=parse_header(read_spec_text(path, run.script), run.script))
    path = Path(run.script)
    missing = [word for word in (run.script, *run.args) if _is_missing(word)]
    if missing:
        raise UsageError(f"{', '.join(map(quoted, missing))}: there is no such file here.")
    if not path.is_file():
        return run
    return replace(run, path=path, header=parse_header(read_spec_text(path), run.script))


def _is_missing(word: str) -> bool:
    return word.endswith(_FILES) and not word.startswith(("https://", "http://")) and not Path(word).is_file()


def _downloaded(url: str, folder: Path) -> Path:
    import httpx  # noqa: PLC0415 - for those who run a script from the web

    name = PurePosixPath(urlsplit(url).path).name
    path = folder / (name if name.endswith(".py") else "script.py")
    try:
        with httpx.stream("GET", url, timeout=_DOWNLOAD_SECS, follow_redirects=True) as answer:
            answer.raise_for_status()
            body = b""
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > MAX_SPEC_BYTES:
                    break
    except httpx.HTTPError as error:
        raise HubInterrupted(f"The script {quoted(url)} could not be downloaded ({type(error).__name__}).") from error
    decoded(body, url)
    path.write_bytes(body)
    return path


def read_script_run(
    asked: AskedJob, run: ScriptRun, variables: Mapping[str, str], *, values: bool, token: str | None = None
) -> JobRequest:
    """Return the job of a script.

    Args:
        asked: what was typed; an image and a command of its own are the script's.
        run: of :func:`load_script`.
        variables: the user's own, for what is given by name alone.
        values: whether the values of secrets are needed.
        token: what the secret ``HF_TOKEN`` means where ``HF_TOKEN`` is not set.

    Raises:
        JobSpecError: something the Hub would refuse, or would understand differently.
        UsageError: something cannot be meant, or a file cannot be read.

    >>> run = ScriptRun(script="lighteval", args=["--tasks", "gsm8k"], packages=["vllm"], python="3.12")
    >>> job = read_script_run(AskedJob(flavor="l4x1", timeout="1h"), run, {}, values=False).job
    >>> job.command
    ('uv', 'run', '--with', 'vllm', '--python', '3.12', 'lighteval', '--tasks', 'gsm8k')
    """
    jobs = run.jobs
    merged = _merged(asked, jobs)
    python = run.python or jobs.get("python")
    names = _remote_names(run)
    words = [f"{ARTIFACTS_MOUNT}/{names[word]}" if word in names else word for word in (run.script, *run.args)]
    options = [word for package in run.packages for word in ("--with", package)]
    options += ["--python", python] if python else []
    typed_name = asked.name or dict(key_and_value(text) for text in asked.label or ()).get("name")
    request = read_job(
        replace(
            merged,
            image=merged.image or UV_IMAGE,
            command=("uv", "run", *options, *words),
            name=asked.name if typed_name else _UNNAMED,
        ),
        variables,
        values=values,
        token=token,
    )
    job = request.job.but(env={**jobs.get("env", {}), **request.job.env}, name=None)
    given = typed_name or jobs.get("name") or jobs.get("labels", {}).get("name")
    name = given or _default_name(merged, run, python, dict(job.env), tuple(job.secrets))
    job = job.but(labels={**jobs.get("labels", {}), **job.labels, "name": name})
    files = {remote_name: _path(run, word) for word, remote_name in names.items()}
    if files and any(volume.mount_path == ARTIFACTS_MOUNT for volume in job.volumes):
        raise UsageError(f"{ARTIFACTS_MOUNT} is where the script lies, so no volume may be mounted there.")
    return JobRequest(job=job, namespace=merged.namespace, uploads=replace(request.uploads, files=files))


def _path(run: ScriptRun, word: str) -> Path:
    return run.path if word == run.script and run.path is not None else Path(word)


def _merged(asked: AskedJob, jobs: Mapping[str, Any]) -> AskedJob:
    """Return what was typed with what the script says where nothing was."""
    typed_mounts = {volume_parts(spec)[1] for spec in asked.volume or ()}
    volumes = [spec for spec in jobs.get("volumes", ()) if volume_parts(spec)[1] not in typed_mounts]
    typed_secrets = {key_and_value(text)[0] for text in asked.secrets or ()}
    secrets = [name for name in jobs.get("secrets", ()) if name not in typed_secrets]
    return replace(
        asked,
        image=asked.image or jobs.get("image"),
        flavor=asked.flavor or jobs.get("flavor"),
        timeout=asked.timeout if asked.timeout is not None else jobs.get("timeout"),
        namespace=asked.namespace or jobs.get("namespace"),
        network_group=asked.network_group or jobs.get("network_group"),
        network_alias=asked.network_alias or jobs.get("network_aliases"),
        secrets=[*secrets, *(asked.secrets or ())],
        volume=[*volumes, *(asked.volume or ())],
    )


def _remote_names(run: ScriptRun) -> dict[str, str]:
    """Return the name in the job of each word that is a file of this machine; two of one name get a number."""
    words = [run.script] if run.path is not None else []
    words += [word for word in run.args if Path(word).is_file()]
    names: dict[str, str] = {}
    for word in dict.fromkeys(words):
        name = _path(run, word).name.replace(" ", "_")
        taken, number = name, 0
        while taken in names.values():
            taken = str(Path(name).with_stem(f"{Path(name).stem}({number})"))
            number += 1
        names[word] = taken
    return names


def _default_name(
    merged: AskedJob, run: ScriptRun, python: str | None, env: Mapping[str, str], secrets: Sequence[str]
) -> str:
    """Return the name that ``hf jobs uv run`` gives the job."""
    from hfplanner.api.job_names import default_job_name_from_script, job_config_parts  # noqa: PLC0415 - pydantic

    parts = job_config_parts(
        flavor=merged.flavor,
        timeout=None if merged.timeout is None else str(merged.timeout),
        namespace=merged.namespace,
        env=env,
        secret_names=secrets,
        volumes=merged.volume or (),
        network_group=merged.network_group,
        network_aliases=merged.network_alias or (),
        extra=[
            merged.image or UV_IMAGE,
            python or "",
            *run.packages,
            *([] if merged.attempts is None else [str(merged.attempts)]),
        ],
    )
    return default_job_name_from_script(run.script, run.args, config_parts=parts)
