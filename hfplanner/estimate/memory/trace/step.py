"""The loops that are traced: a training step as the Trainer runs it, a prefill and one token more as generate does."""

import contextlib
import gc
import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.preference import generator_job
from hfplanner.estimate.memory.trace.attention import needs_mask
from hfplanner.estimate.memory.trace.build import materialize
from hfplanner.estimate.memory.trace.grpo import compare_answers
from hfplanner.estimate.memory.trace.kernels import cuda_kernels
from hfplanner.estimate.memory.trace.losses import chunked_loss
from hfplanner.estimate.memory.trace.preference import Answers, preference_loss, trl_heads
from hfplanner.estimate.memory.trace.recorder import Recorder

__all__ = ["fakes", "run_inference", "run_training"]


@contextlib.contextmanager
def fakes(recorder: Recorder) -> Iterator[None]:
    """Run a block on fake tensors, followed by a recorder, with the kernels of a GPU.

    Reference cycles are left to the end, as they are on a GPU that computes faster than the collector runs.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings(), cuda_kernels(), FakeTensorMode(allow_non_fake_inputs=True), recorder:
            # What the installed versions call deprecated is their business.
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        if collects:
            gc.enable()


@contextlib.contextmanager
def _autocast(*, enabled: bool) -> Iterator[None]:
    """Autocast on the device that runs, and say so to code that asks about CUDA."""
    if not enabled:
        yield
        return
    before = torch.is_autocast_enabled("cuda")
    torch.set_autocast_enabled("cuda", True)  # noqa: FBT003 - torch's signature
    torch.set_autocast_dtype("cuda", torch.bfloat16)
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            yield
    finally:
        torch.set_autocast_enabled("cuda", before)


def run_training(model: Any, job: MemoryJob, recorder: Recorder, reference: Any = None) -> None:
    """Run a steady step of training as one program of the recorder; optimizer states are there before it.

    Args:
        model: what is trained.
        job: how.
        recorder: follows it.
        reference: what it is compared with; ``None`` for nothing, or itself.
    """
    prepared = contextlib.nullcontext() if job.method == "sft" else trl_heads(model, reference, job)
    with fakes(recorder), prepared:
        materialize(model)
        if reference is not None:
            materialize(reference)
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        recorder.weights = {parameter.shape for parameter in trained}
        optimizer = _optimizer(trained, job)
        _make_states(trained, optimizer)
        recorder.start_program()
        answered = _answers(model, reference, job, recorder) if job.method == "grpo" else ()
        for _ in range(min(job.accumulation, 2)):
            _micro_batch(model, reference, job, recorder)
        recorder.enter("step")
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        del answered


def _answers(model: Any, reference: Any, job: MemoryJob, recorder: Recorder) -> tuple[Any, ...]:
    """Write the answers of a step where the model does so itself, and score them; what is scored is kept."""
    if job.generator == "transformers":
        writes = generator_job(job)
        # accelerate wraps the model's forward in autocast, with which generate calls it, too.
        with torch.no_grad(), _autocast(enabled=job.autocasts):
            _prefill(model, writes, recorder)
            _decode(model, writes, recorder)
    recorder.enter("compare")
    with _autocast(enabled=job.autocasts), Answers(job):
        return compare_answers(model, reference, job)


def _make_states(trained: list[Any], optimizer: torch.optim.Optimizer) -> None:
    """Step once with gradients of nothing: from then on the optimizer's states are there."""
    for parameter in trained:
        parameter.grad = torch.empty_like(parameter)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def _optimizer(trained: list[Any], job: MemoryJob) -> torch.optim.Optimizer:
    if job.optimizer == "adamw":
        return torch.optim.AdamW(trained, fused=not job.foreach, foreach=job.foreach or None)
    # States that torch's own optimizers do not have are added as in the formulas.
    return torch.optim.SGD(trained, foreach=True)


def _micro_batch(model: Any, reference: Any, job: MemoryJob, recorder: Recorder) -> None:
    if job.method != "sft":
        recorder.enter("forward")
        with _autocast(enabled=job.autocasts):
            loss = preference_loss(model, reference, job)
        recorder.enter("backward")
        with Answers(job):
            loss.backward()
        return
    tokens = torch.empty(job.batch_size, job.seq_len, dtype=torch.long)
    mask = torch.empty(job.batch_size, job.seq_len, dtype=torch.long) if needs_mask(job) else None
    recorder.enter("forward")
    with _autocast(enabled=job.autocasts):
        loss = _loss(model, job, tokens, mask)
    recorder.enter("backward")
    loss.backward()


def _loss(model: Any, job: MemoryJob, tokens: Any, mask: Any) -> Any:
    if job.loss == "chunked" and not getattr(model.config, "is_encoder_decoder", False):
        return chunked_loss(model, tokens, mask)
    # A classifier has one label for each sequence.
    labels = tokens if hasattr(model, "prepare_inputs_for_generation") else tokens[:, 0].clone()
    output = model(input_ids=tokens, attention_mask=mask, labels=labels)
    if job.autocasts:
        # accelerate hands out what a model under autocast returns in fp32 (convert_outputs_to_fp32).
        output.logits = output.logits.float()
    return output.loss


def run_inference(model: Any, job: MemoryJob, recorder: Recorder) -> None:
    """Run the prefill of the prompt, and the last token over the whole cache, each a program of the recorder."""
    with fakes(recorder), torch.no_grad():
        materialize(model)
        recorder.start_program()
        _prefill(model, job, recorder)
        if job.prompt_len is not None and job.seq_len - job.prompt > 1:
            recorder.start_program()
            _decode(model, job, recorder)


def _prefill(model: Any, job: MemoryJob, recorder: Recorder) -> None:
    recorder.enter("prefill")
    keep = {} if job.logits == "all" else {"logits_to_keep": 1}
    model(input_ids=_tokens(job, job.prompt), use_cache=True, **keep)


def _decode(model: Any, job: MemoryJob, recorder: Recorder) -> None:
    recorder.enter("filling")
    cache = model(input_ids=_tokens(job, job.seq_len - 2), use_cache=True, logits_to_keep=1).past_key_values
    # What a window leaves of the prompt is a view of all of it until the first token is added.
    model(input_ids=_tokens(job, 1), past_key_values=cache, use_cache=True)
    recorder.start_program()
    recorder.enter("decode")
    model(input_ids=_tokens(job, 1), past_key_values=cache, use_cache=True)


def _tokens(job: MemoryJob, length: int) -> Any:
    return torch.empty(job.batch_size, length, dtype=torch.long)
