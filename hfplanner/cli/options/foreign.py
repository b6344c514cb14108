"""Options as other tools call them, and what they are here: transformers, TRL, vLLM, SkyPilot, and common speech."""

from collections.abc import Collection, Mapping

__all__ = ["meant_option"]

_OURS: Mapping[str, tuple[str, ...]] = {
    "--accelerator": ("--gpu", "--gpu-type", "--gpu-name", "--card", "--accelerators"),
    "--gpus": ("--num-gpus", "--n-gpus", "--tensor-parallel-size", "--tp", "--nproc-per-node"),
    "--vram": ("--memory", "--gpu-memory", "--gpu-ram", "--mem"),
    "--cpu": ("--cpus", "--vcpu", "--vcpus"),
    "--duration": ("--time", "--hours", "--minutes", "--runtime", "--run-time"),
    "--max-cost": ("--budget", "--cost", "--max-budget", "--money"),
    "--max-price": ("--price", "--max-hourly-cost"),
    "--batch-size": ("--per-device-train-batch-size", "--train-batch-size", "--max-num-seqs", "--bs"),
    "--accumulation": ("--gradient-accumulation-steps", "--grad-accum", "--gradient-accumulation"),
    "--checkpointing full": ("--gradient-checkpointing", "--activation-checkpointing"),
    "--seq-len": ("--max-length", "--max-seq-length", "--max-seq-len", "--max-model-len", "--context", "--ctx",
                  "--context-length", "--sequence-length", "--block-size", "--cutoff-len"),
    "--epochs": ("--num-train-epochs", "--num-epochs"),
    "--lora-rank": ("--lora-r", "--rank", "--lora-dim"),
    "--lora-targets": ("--target-modules", "--lora-target-modules"),
    "--quantization nf4": ("--load-in-4bit", "--4bit", "--use-4bit"),
    "--quantization int8": ("--load-in-8bit", "--8bit"),
    "--precision": ("--dtype", "--torch-dtype", "--bf16", "--fp16", "--mixed-precision"),
    "--attention": ("--attn-implementation", "--flash-attention", "--attn"),
    "--optimizer": ("--optim",),
    "--packed": ("--packing",),
    "--model": ("--model-id", "--model-name", "--model-name-or-path"),
    "--output-tokens": ("--max-new-tokens", "--max-tokens"),
    "--flavor": ("--hardware", "--instance", "--machine"),
}  # fmt: skip
_FOREIGN = {foreign: ours for ours, names in _OURS.items() for foreign in names}


def meant_option(typed: str, offered: Collection[str]) -> str | None:
    """Return how an option of another tool is typed here; ``None`` where it is not known, or not offered.

    Args:
        typed: the option, with its dashes; an underscore counts as a dash.
        offered: the options of the command.

    >>> meant_option("--per_device_train_batch_size", ["--batch-size"]), meant_option("--gpu", ["--vram"])
    ('--batch-size', None)
    """
    ours = _FOREIGN.get(typed.lower().replace("_", "-"))
    return ours if ours is not None and ours.partition(" ")[0] in offered else None
