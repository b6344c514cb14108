"""The model of a config as fake tensors: no weight is read and none takes memory."""

import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from hfplanner.errors import UsageError
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.estimate.memory.trace.attention import attention_name
from hfplanner.estimate.memory.trace.checkpointing import recompute_layers
from hfplanner.estimate.memory.weights import BITSANDBYTES, stored_as
from hfplanner.models.shape import ModelShape

__all__ = ["build_model", "materialize"]

_DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


def build_model(raw: Mapping[str, Any], shape: ModelShape, job: MemoryJob) -> nn.Module:
    """Return the installed class for a config, with its adapters, on the meta device.

    Raises:
        UsageError: the installed transformers does not know the architecture, or the job cannot be traced.
    """
    config = _config(raw)
    dtype = torch.float32 if job.mixed else _DTYPES[job.precision]
    with torch.device("meta"), warnings.catch_warnings():
        # What the installed versions call deprecated is their business.
        warnings.simplefilter("ignore")
        model = _auto_class(shape, job, config).from_config(
            config, dtype=dtype, attn_implementation=attention_name(job)
        )
        model.config.use_cache = not job.trains
        if stored_as(shape, job) in BITSANDBYTES:
            _quantize(model)
        if job.task == "qlora" and job.upcast:
            _upcast(model)
        recompute_layers(model, job.checkpointing)
        if job.task in {"lora", "qlora"}:
            model = _with_adapters(model, job)
    return model.train(job.trains)


def _config(raw: Mapping[str, Any]) -> Any:
    import transformers  # noqa: PLC0415 - torch alone is enough for a step of one's own

    known = dict(raw)
    model_type = str(known.pop("model_type", ""))
    if model_type not in transformers.CONFIG_MAPPING:
        raise UsageError(
            f"transformers {transformers.__version__} does not know the architecture {model_type[:60]!r}.",
            hint="Leave --trace out.",
        )
    for key in ("quantization_config", "architectures", "transformers_version", "auto_map"):
        known.pop(key, None)
    config = transformers.CONFIG_MAPPING[model_type](**known)
    if getattr(config, "pad_token_id", None) is not None and config.pad_token_id >= getattr(config, "vocab_size", 1):
        config.pad_token_id = None
    if getattr(config, "is_encoder_decoder", False) and getattr(config, "decoder_start_token_id", None) is None:
        config.decoder_start_token_id = 0
    return config


def _auto_class(shape: ModelShape, job: MemoryJob, config: Any) -> Any:
    import transformers  # noqa: PLC0415 - as above

    if job.method == "reward":
        config.num_labels = 1
        # Trainers give the model the tokenizer's; where a sequence ends is found by it.
        config.pad_token_id = 0
        return transformers.AutoModelForSequenceClassification

    if shape.kind == "encoder-decoder":
        return transformers.AutoModelForSeq2SeqLM
    if shape.kind == "encoder":
        return transformers.AutoModelForSequenceClassification
    return transformers.AutoModelForCausalLM


def _with_adapters(model: Any, job: MemoryJob) -> Any:
    import peft  # noqa: PLC0415 - as above

    targets: Any = "all-linear" if job.lora_targets == ("all-linear",) else list(job.lora_targets)
    kind = "CAUSAL_LM" if hasattr(model, "prepare_inputs_for_generation") else None
    settings = peft.LoraConfig(r=job.lora_rank, target_modules=targets, lora_dropout=0.0, task_type=kind)
    model.enable_input_require_grads()
    wrapped = peft.get_peft_model(model, settings, low_cpu_mem_usage=True)
    if job.task == "qlora":
        # TRL trains adapters over 4-bit weights in bf16 (SFTTrainer).
        for parameter in wrapped.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.to(torch.bfloat16)
    return wrapped


class _FourBitLinear(nn.Linear):
    """A matrix of half a byte per weight that is unpacked for every product, as bitsandbytes does."""

    def __init__(self, linear: Any) -> None:
        inputs, outputs = linear.weight.shape[::-1] if isinstance(linear, nn.Linear) else linear.weight.shape
        super().__init__(inputs, outputs, bias=False, device="meta")
        count = linear.weight.numel()
        packed = torch.empty(count // 2 + count // 64 + count // 4096, dtype=torch.uint8, device="meta")
        self.weight = nn.Parameter(packed, requires_grad=False)
        self.bias = linear.bias
        self.compute_dtype = linear.weight.dtype

    def forward(self, value: Any) -> Any:
        """Unpack and multiply."""
        bias = None if self.bias is None else self.bias.to(torch.bfloat16)
        product = _FourBitProduct.apply(value.to(torch.bfloat16), self.weight, self.out_features, bias)
        return product.to(value.dtype)


class _FourBitProduct(torch.autograd.Function):
    """Keeps the packed weight and nothing else (bitsandbytes, MatMul4Bit)."""

    @staticmethod
    def forward(ctx: Any, value: Any, packed: Any, width: int, bias: Any) -> Any:
        """Return the product with the unpacked weight."""
        ctx.packed, ctx.width = packed, width
        weight = torch.empty(width, value.shape[-1], dtype=value.dtype)
        return torch.nn.functional.linear(value, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        """Return the gradient of the input, with the weight unpacked once more."""
        inputs = ctx.packed.numel() * 4096 // (2048 + 64 + 1) // ctx.width
        return gradient @ torch.empty(ctx.width, inputs, dtype=gradient.dtype), None, None, None


def _linear_classes() -> tuple[type, ...]:
    """Return the classes that transformers replaces by quantized ones: torch's, and GPT-2's own."""
    from transformers.pytorch_utils import Conv1D  # noqa: PLC0415 - as above

    return nn.Linear, Conv1D


def _quantize(model: nn.Module) -> None:
    """Replace every linear layer but the output projection, as transformers does with bitsandbytes."""
    head = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if type(child) in _linear_classes() and child is not head:
                setattr(module, name, _FourBitLinear(child))


def _upcast(model: nn.Module) -> None:
    """Make everything that is not quantized fp32, as peft's prepare_model_for_kbit_training does."""
    for parameter in model.parameters():
        parameter.requires_grad_(requires_grad=False)
        if parameter.dtype in {torch.bfloat16, torch.float16}:
            parameter.data = parameter.data.to(torch.float32)


def materialize(model: nn.Module) -> None:
    """Replace tensors of the meta device by fakes on the device that runs; what is shared stays shared."""
    made: dict[int, tuple[Any, Any]] = {}

    def fake(tensor: Any) -> Any:
        if id(tensor) not in made:
            new = torch.empty(tensor.shape, dtype=tensor.dtype, device="cpu")
            if isinstance(tensor, nn.Parameter):
                new = nn.Parameter(new, requires_grad=tensor.requires_grad)
            # The old one is kept, so that no other gets its id.
            made[id(tensor)] = (new, tensor)
        return made[id(tensor)][0]

    for module in model.modules():
        for named in (module._parameters, module._buffers):
            for name, tensor in named.items():
                if tensor is not None:
                    named[name] = fake(tensor)
        for name, value in list(vars(module).items()):
            if isinstance(value, torch.Tensor) and value.device.type == "meta":
                setattr(module, name, fake(value))
