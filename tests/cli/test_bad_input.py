"""Nonsense on the command line: one clear sentence, the documented exit code, no traceback, nothing lost."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.program import Program

ESCAPES = "\x1b]0;owned\x07\x1b[31m\u202e\u200b"


@pytest.mark.parametrize(
    "args",
    [
        ("--vram", ""),
        ("--vram", "0"),
        ("--vram", "-5GB"),
        ("--vram", "NaN"),
        ("--vram", "inf"),
        ("--vram", "1e9GB"),
        ("--vram", "40 parsecs"),
        ("--vram", "9" * 5000),
        ("--vram", "99999999999PB"),
        ("--vram", ESCAPES),
        ("--ram", "1,000GB"),
        ("--disk", "0.0GB"),
        ("--gpus", "0"),
        ("--gpus", "-1"),
        ("--gpus", "1.5"),
        ("--gpus", "9" * 5000),
        ("--gpus", "\u0663"),
        ("--cpu", "many"),
        ("--top", "0"),
        ("--duration", "0s"),
        ("--duration", "1h1h"),
        ("--duration", "2000y"),
        ("--duration", "@l4x1"),
        ("--duration", "3h@"),
        ("--duration", "3h@l4x2"),
        ("--duration", "3h", "--max-cost", "0"),
        ("--duration", "3h", "--max-cost", "5 EUR"),
        ("--duration", "3h", "--max-cost", "0.0000001"),
        ("--max-price", "-1"),
        ("--max-price", "free"),
        ("--max-time", "2h"),
        ("--max-cost", "5"),
        ("--objective", "time"),
        ("--objective", "speed"),
        ("--accelerator", "a10"),
        ("--accelerator", ""),
        ("--accelerator", ESCAPES),
        ("--vram",),
        ("--plot", "picture"),
        ("--plot", "picture.bmp"),
        ("--plot", ""),
        ("--format", "xml"),
        ("--quiet", "--format", "agent"),
        ("--refresh", "--offline"),
        ("extra",),
        ("--nonsense",),
    ],
    ids=lambda args: " ".join(args)[:40].encode("ascii", "backslashreplace").decode(),
)
def test_nonsense_is_a_usage_error(args: tuple[str, ...], program: Program) -> None:
    """What cannot be meant exits with 2, one sentence and a hint, and says nothing on stdout."""
    done = program.run("recommend", "--vram", "24GB", *args)
    assert (done.code, done.out) == (2, "")
    sentence, *hints = done.err.splitlines()
    assert sentence.startswith("Error: ")
    assert len(sentence) < 400
    assert len(hints) == 1
    assert hints[0].startswith("Hint: ")


@pytest.mark.parametrize("args", [("--vram", "soon"), ("--nonsense",), ("--accelerator", "a10"), ("--json", "-q")])
def test_an_error_is_a_document_where_json_is_asked_for(args: tuple[str, ...], program: Program) -> None:
    """With ``--json`` an error is one JSON document on stdout too, with its code, sentence, hint and exit code."""
    done = program.run("recommend", "--json", *args)
    error = json.loads(done.out)["error"]
    assert error["exit_code"] == done.code == 2
    assert error["message"] in done.err
    assert error.keys() == {"code", "message", "hint", "exit_code"}


def test_escape_sequences_do_not_reach_the_terminal(program: Program) -> None:
    """What was typed is shown without its control, bidirectional and zero-width characters."""
    for args in (
        ("--vram", ESCAPES),
        ("--accelerator", ESCAPES),
        (ESCAPES,),
        ("--format", ESCAPES),
        ("--plot", ESCAPES),
    ):
        done = program.run("recommend", *args)
        assert not set(ESCAPES) & set(done.err) - set("]0;owned[31m")


@pytest.mark.slow
def test_a_picture_that_cannot_be_written_is_a_known_error(program: Program) -> None:
    """One sentence and exit code 1, or one document where JSON is asked for: half an answer is none."""
    args = ("recommend", "--vram", "40GB", "--plot", "missing/picture.png")
    done = program.run(*args)
    assert (done.code, done.out) == (1, "")
    assert "cannot be written" in done.err
    assert json.loads(program.run(*args, "--json").out)["error"]["exit_code"] == 1


@pytest.mark.process
def test_a_reader_that_goes_away_ends_the_program_quietly(program: Program) -> None:
    """``hfplanner hardware | head -1`` leaves no traceback."""
    command = f"{sys.executable} -m hfplanner hardware --json | head -c 1"
    done = program.run_command(["bash", "-c", command])
    assert (done.out, done.err) == ("[", "")


def test_an_endpoint_that_is_no_url_is_a_usage_error(program: Program) -> None:
    """``HF_ENDPOINT`` is read like an option: what is no https address is refused before anything is sent."""
    for endpoint in ("huggingface.co", "http://huggingface.co", "ftp://127.0.0.1", "https://", "https://a b"):
        online = replace(program, environ=(("HF_ENDPOINT", endpoint), ("HF_HUB_OFFLINE", "0")))
        done = online.run("recommend", "--vram", "40GB", "--json")
        assert done.code == 2, endpoint
        assert json.loads(done.out)["error"]["exit_code"] == 2


def test_a_dead_network_still_gives_an_answer(program: Program) -> None:
    """Nothing listens at the endpoint: the shipped prices answer, and stderr says so."""
    online = replace(program, environ=(("HF_ENDPOINT", "http://127.0.0.1:9"), ("HF_HUB_OFFLINE", "0")))
    done = online.run("recommend", "--vram", "40GB", "--quiet", "--top", "1")
    assert (done.code, done.out) == (0, "l40sx1\n")
    assert "could not be reached" in done.err
    assert "shipped" in done.err


@pytest.mark.parametrize(
    "variable",
    [
        ("ALL_PROXY", "socks5://127.0.0.1:9"),
        ("HTTPS_PROXY", "nonsense://"),
        ("SSL_CERT_FILE", "/nonexistent"),
        ("SSL_CERT_FILE", __file__),
    ],
)
def test_an_environment_that_cannot_work_still_gives_an_answer(variable: tuple[str, str], program: Program) -> None:
    """A proxy of another kind, or certificates that are none: the network fails, the shipped prices answer."""
    online = replace(program, environ=(variable, ("HF_ENDPOINT", "https://hub.invalid"), ("HF_HUB_OFFLINE", "0")))
    done = online.run("recommend", "--vram", "40GB", "--quiet", "--top", "1")
    assert (done.code, done.out) == (0, "l40sx1\n")
    assert done.err.startswith("Warning: ")
    assert "Traceback" not in done.err


@pytest.mark.process
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\x00" * 1000, b'{"version": 1}', b"[" * 100_000])
def test_a_damaged_cache_is_left_aside(content: bytes, program: Program) -> None:
    """A cache that cannot be read costs a warning, not the answer, and is not touched."""
    kept = _kept_listing(program)
    kept.write_bytes(content)
    done = program.run("recommend", "--vram", "40GB", "--quiet", "--top", "1")
    assert (done.code, done.out) == (0, "l40sx1\n")
    assert "damaged" in done.err
    assert kept.read_bytes() == content


def _kept_listing(program: Program) -> Path:
    code = "import sys; from hfplanner.catalog.cache import ListingCache; from pathlib import Path\n"
    code += "print(ListingCache(Path(sys.argv[1]), 'https://huggingface.co').path)"
    folder = program.home / "cache"
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True, env=program.environment()
    )
    return Path(done.stdout.strip())


@pytest.mark.parametrize(
    "args",
    [
        (),
        ("--model", "Qwen/Qwen3-8B", "--params", "8B"),
        ("--model", ""),
        ("--model", ESCAPES),
        ("--model", "a/b/c"),
        ("--model", "x" * 5000),
        ("--model", "Qwen/Qwen3-8B", "--layers", "32"),
        ("--params", "0"),
        ("--params", "-8B"),
        ("--params", "8X"),
        ("--params", "NaN"),
        ("--params", "1e99"),
        ("--params", "9" * 5000),
        ("--params", "8B", "--layers", "0"),
        ("--params", "8B", "--hidden", "wide"),
        ("--params", "8B", "--task", "sleep"),
        ("--params", "8B", "--precision", "fp3"),
        ("--params", "8B", "--quantization", "gguf:Q9"),
        ("--params", "8B", "--quantization", "none4"),
        ("--params", "8B", "--batch-size", "0"),
        ("--params", "8B", "--batch-size", "9" * 5000),
        ("--params", "8B", "--seq-len", "-1"),
        ("--params", "8B", "--gpus", "9"),
        ("--params", "8B", "--task", "lora", "--lora-targets", "nose_proj"),
        ("--params", "8B", "--lora-rank", "0"),
        ("--params", "8B", "--nonsense"),
    ],
    ids=lambda args: " ".join(args)[:40].encode("ascii", "backslashreplace").decode(),
)
def test_nonsense_about_a_model_is_a_usage_error(args: tuple[str, ...], program: Program) -> None:
    """What cannot be meant exits with 2, one sentence and a hint, and says nothing on stdout."""
    done = program.run("estimate", "memory", *args)
    assert (done.code, done.out) == (2, "")
    sentence, *hints = done.err.splitlines()
    assert sentence.startswith("Error: ")
    assert len(sentence) < 400
    assert len(hints) == 1
    assert hints[0].startswith("Hint: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train.py",), "uv run"),
        (("./train.py", "--epochs", "3"), "uv run"),
        (("job.yaml",), "check"),
        (("job.json", "python"), "check"),
        (("pyproject.toml", "python"), "check"),
        (("./tool", "python"), "file of this machine"),
        (("here", "python"), "file of this machine"),
        (("--", "-x", "python"), "an option"),
        (("python:3.12",), "no command"),
        (("python:3.12", "--"), "no command"),
        (("", "python"), "No image"),
        (("python:3.12", "python", "train.py", "--dry-run"), "--dry-run stands after the image"),
    ],
)
def test_what_is_no_image_is_refused_by_name(words: tuple[str, ...], said: str, program: Program) -> None:
    """A script, a job in a file, a file of this machine, an option, no command: exit 2, before anybody is asked."""
    (program.home / "here").write_text("", encoding="utf-8")
    done = program.run("run", "--flavor", "l4x1", "--yes", *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_check_refuses_a_file_that_it_does_not_read(program: Program) -> None:
    """A script whose header asks for eight hours on an A100 is not judged as a job of 30 minutes on a CPU."""
    (program.home / "train.py").write_text('# /// script\n# [tool.hf-jobs]\n# flavor = "a100-large"\n# ///\n')
    done = program.run("budget", "check", "train.py")
    assert (done.code, done.out) == (2, "")
    assert "'train.py' is a script" in done.err


def test_options_after_the_image_are_told(program: Program) -> None:
    """They go to the command, where ``hf jobs run`` takes them for the job; ``--`` says that this is meant."""
    job = ("python:3.12", "python", "train.py", "--timeout", "8h")
    run = ("run", "--flavor", "l4x1", "--dry-run", "--namespace", "acme", "--json")
    done = program.run(*run, *job)
    planned = json.loads(done.out)
    assert (planned["timeout_secs"], planned["spec"]["command"]) == (1800, ["python", "train.py", "--timeout", "8h"])
    assert "--timeout after the image belongs to the command" in done.err
    meant = program.run(*run, job[0], "--", *job[1:])
    assert json.loads(meant.out)["spec"] == planned["spec"]
    assert "after the image" not in meant.err


def test_a_usage_error_points_at_its_own_command(program: Program) -> None:
    """The hint of a subcommand is the subcommand's help."""
    for command in ("estimate memory", "ledger resolve", "recommend"):
        done = program.run(*command.split(), "--nonsense")
        assert f"`hfplanner {command} --help`" in done.err, command


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--gpu", "a100"), "Did you mean --accelerator?"),
        (("--per_device_train_batch_size", "4"), "Did you mean --batch-size?"),
        (("--max-model-len", "4096"), "Did you mean --seq-len?"),
        (("--gradient-checkpointing",), "Did you mean --checkpointing full?"),
        (("--batch", "4"), "Did you mean --batch-size"),
        (("--task", "sft"), "What it learns from is --method's"),
        (("--task", "finetune"), "For training: full trains all weights"),
        (("--task", "serving"), "That is inference."),
        (("--duration", "3h@a10g"), "Did you mean a10g-large or a10g-small"),
        (("--duration",), "--duration needs a value: --duration TIME[@FLAVOR]."),
    ],
)
def test_what_people_know_from_elsewhere_is_told_as_it_is_said_here(
    args: tuple[str, ...], said: str, program: Program
) -> None:
    """Names of other tools, words of the trade and a half-typed name lead to ours."""
    done = program.run("recommend", *args)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
