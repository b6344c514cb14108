"""Which model is run, and how."""

from hfplanner.plan.arguments.argument import Argument, flag
from hfplanner.plan.readers import read_flavor, read_params, read_quantization, read_share, whole_number

__all__ = ["FIT", "GPUS_OF_A_RUN", "MODEL", "SOLVE", "TRACE"]

_MOST = 2**31 - 1
_MOST_WIDTH = 10**7
_MOST_RANK = 65536
_MOST_GPUS_OF_A_RUN = 8

_MEMORY = "hfplanner.estimate.memory.job"


def _width(name: str, words: str) -> Argument:
    """Return the argument of one width of a model given by hand."""
    return Argument(
        name=name, group="Model", read=whole_number(_MOST_WIDTH), metavar="N", help=f"With --params: {words}."
    )


_TRAINS = "For training: full trains all weights, lora adapters, qlora adapters over 4-bit weights."
_LEARNS_FROM = f"What it learns from is --method's (sft unless said). {_TRAINS}"

MODEL: tuple[Argument, ...] = (
    Argument(
        name="preset",
        group="Model",
        choices="hfplanner.plan.presets:PresetName",
        help="As a library runs it: its defaults for what is not typed; data/presets.csv has each with its source.",
    ),
    Argument(
        name="model",
        group="Model",
        metavar="ID_OR_DIR",
        help="A model of the Hub, a folder, or a GGUF file (OWNER/NAME:FILE.gguf).",
    ),
    Argument(name="params", group="Model", read=read_params, metavar="COUNT", help="Without a model: 8B, 350M."),
    _width("layers", "layers"),
    _width("hidden", "width of the residual stream"),
    _width("heads", "query heads"),
    _width("kv_heads", "key and value heads"),
    _width("ffn", "inner width of the feed-forward block"),
    _width("vocab", "tokens of the vocabulary"),
    Argument(
        name="task",
        group="Model",
        choices=f"{_MEMORY}:Task",
        default="inference",
        shown_default="inference",
        help="What is run: generating, or training of what.",
        meant={
            **dict.fromkeys(("sft", "dpo", "grpo", "reward"), _LEARNS_FROM),
            **dict.fromkeys(("train", "training", "finetune", "fine-tune", "finetuning", "fine-tuning"), _TRAINS),
            **dict.fromkeys(("generate", "generation", "serve", "serving", "infer", "chat"), "That is inference."),
        },
    ),
    Argument(
        name="method",
        group="Model",
        choices=f"{_MEMORY}:Method",
        default="sft",
        shown_default="sft",
        help="What the training learns from: texts, pairs (dpo, reward; a batch is of pairs), its own answers (grpo).",
    ),
    Argument(
        name="reference",
        group="Model",
        choices=f"{_MEMORY}:Reference",
        default="auto",
        shown_default="auto",
        help="What dpo and grpo compare with; auto: as TRL, a copy or the model without its adapters; none for grpo.",
    ),
    Argument(
        name="generator",
        group="Model",
        choices=f"{_MEMORY}:Generator",
        default="transformers",
        shown_default="transformers",
        help="What writes the answers for grpo: the model itself, vLLM on the same GPU, vLLM elsewhere.",
    ),
    flag(
        name="vllm_sleep",
        group="Model",
        help="With --generator colocate: vLLM gives its memory back while the model is trained.",
    ),
    Argument(
        name="gpu_memory_utilization",
        group="Model",
        read=read_share,
        metavar="SHARE",
        shown_default="0.9; 0.3 beside a trainer",
        help="Of a GPU, what vLLM takes.",
    ),
    Argument(
        name="precision",
        group="Model",
        choices=f"{_MEMORY}:Precision",
        shown_default="bf16",
        help="Of weights and compute; -mixed keeps fp32 weights under autocast.",
    ),
    Argument(
        name="quantization",
        group="Model",
        read=read_quantization,
        metavar="KIND",
        default="auto",
        shown_default="auto",
        help="none, int8, fp8, nf4, nf4-single, gptq-4bit, gptq-8bit, awq-4bit, mxfp4, gguf:KIND; auto: as stored, "
        "nf4 for qlora.",
    ),
    flag(
        name="quantized_experts",
        group="Model",
        help="bitsandbytes quantizes a mixture's experts too (transformers 5 leaves them).",
    ),
    Argument(
        name="kv_dtype",
        group="Model",
        choices=f"{_MEMORY}:KvDtype",
        default="auto",
        shown_default="auto",
        help="Of the cache of keys and values.",
    ),
    Argument(
        name="engine",
        group="Model",
        choices=f"{_MEMORY}:Engine",
        default="transformers",
        shown_default="transformers",
        help="What generates.",
    ),
    Argument(
        name="batch_size",
        group="Model",
        read=whole_number(_MOST),
        metavar="N",
        shown_default="1",
        help="Sequences per GPU and step.",
    ),
    Argument(
        name="seq_len",
        group="Model",
        read=whole_number(_MOST),
        metavar="N",
        default=2048,
        shown_default="2048",
        help="Tokens of a sequence; for inference prompt and answer together.",
    ),
    Argument(
        name="optimizer",
        group="Model",
        choices=f"{_MEMORY}:Optimizer",
        default="adamw",
        shown_default="adamw",
        help="Of the trained weights; adamw keeps its states in their precision.",
    ),
    Argument(
        name="lora_rank",
        group="Model",
        read=whole_number(_MOST_RANK),
        metavar="N",
        default=16,
        shown_default="16",
        help="Rank of the adapters.",
    ),
    Argument(
        name="lora_targets",
        group="Model",
        metavar="NAMES",
        default="all-linear",
        shown_default="all-linear",
        help="Modules the adapters are on, with commas: q_proj,v_proj.",
    ),
    flag(
        name="trained_embeddings",
        group="Model",
        help="Adapters aside, train embedding and output projection (modules_to_save).",
    ),
    Argument(
        name="checkpointing",
        group="Model",
        choices=f"{_MEMORY}:Checkpointing",
        default="auto",
        shown_default="auto",
        help="Recompute activations: of no, every second, every layer; selective-op: all but attention and every "
        "second matrix product (torchtitan); auto: full for decoders, as TRL.",
    ),
    Argument(
        name="attention",
        group="Model",
        choices=f"{_MEMORY}:Attention",
        default="sdpa",
        shown_default="sdpa",
        help="eager keeps the score matrices.",
    ),
    Argument(
        name="loss",
        group="Model",
        choices=f"{_MEMORY}:Loss",
        default="auto",
        shown_default="auto",
        help="How logits become a loss: in chunks (TRL; auto for decoders), at once, fused (Liger), held in fp32.",
    ),
    Argument(
        name="accumulation",
        group="Model",
        read=whole_number(_MOST),
        metavar="N",
        default=1,
        shown_default="1",
        help="Micro-batches per step.",
    ),
    flag(
        name="packed",
        group="Model",
        help="Sequences are packed: no padding, no attention mask.",
    ),
    Argument(
        name="lengths",
        group="Model",
        choices=f"{_MEMORY}:Lengths",
        default="varying",
        shown_default="varying",
        help="Of the sequences of a batch: fixed, packed, or varying and padded.",
    ),
    flag(
        name="expandable_segments",
        group="Model",
        help="PYTORCH_CUDA_ALLOC_CONF=expandable_segments:True: the allocator wastes less.",
    ),
    Argument(
        name="unquantized",
        group="Model",
        choices=f"{_MEMORY}:Unquantized",
        default="fp32",
        shown_default="fp32",
        help="Precision of embeddings, head and norms of a 4-bit model that is trained.",
    ),
    Argument(
        name="grad_sync",
        group="Model",
        choices=f"{_MEMORY}:GradSync",
        default="last",
        shown_default="last",
        help="When FSDP shares gradients out while it accumulates.",
    ),
    flag(
        name="own_loop",
        group="Model",
        help="Adapters are trained in a loop of your own, without the autocast of the Trainer.",
    ),
    flag(
        name="compiled",
        group="Model",
        help="The layers are compiled: torch_compile.",
    ),
    flag(
        name="foreach",
        group="Model",
        help="The optimizer's multi-tensor kernel, with one more copy of the trained weights.",
    ),
    flag(
        name="optimizer_in_backward",
        group="Model",
        help="Step each layer as soon as its gradient is there.",
    ),
    Argument(
        name="prompt_len",
        group="Model",
        read=whole_number(_MOST),
        metavar="N",
        help="Tokens of the prompt; all of --seq-len where it is not given.",
    ),
    Argument(
        name="logits",
        group="Model",
        choices=f"{_MEMORY}:Logits",
        default="last",
        shown_default="last",
        help="Of the last token of the prompt, or of all.",
    ),
    Argument(
        name="resolution",
        group="Model",
        read=whole_number(_MOST),
        metavar="N",
        help="Pixels along one side of a picture.",
    ),
    Argument(
        name="frames",
        group="Model",
        read=whole_number(_MOST),
        metavar="N",
        help="Frames of a video (num_frames); by default the pipeline's own.",
    ),
    Argument(
        name="denoising_steps",
        group="Model",
        read=whole_number(_MOST),
        metavar="N",
        help="Steps in which a picture is made (num_inference_steps); by default the pipeline's own.",
    ),
    flag(
        name="legacy_cache",
        group="Model",
        help="The cache is copied for every token, as transformers did before 4.36.",
    ),
    flag(
        name="legacy_quantization",
        group="Model",
        help="4-bit layers keep their inputs, as bitsandbytes did before 0.43.",
    ),
    Argument(
        name="offload",
        group="Model",
        choices=f"{_MEMORY}:Offload",
        default="none",
        shown_default="none",
        help="What lives in main memory between uses.",
    ),
    Argument(
        name="sharding",
        group="Model",
        choices=f"{_MEMORY}:Sharding",
        default="none",
        shown_default="none",
        help="What the GPUs of a run share.",
    ),
)
"""Which model is run, and how."""


GPUS_OF_A_RUN = Argument(
    name="gpus",
    group="Model",
    read=whole_number(_MOST_GPUS_OF_A_RUN),
    metavar="N",
    default=1,
    shown_default="1",
    help="GPUs of the run.",
)
"""How many GPUs an estimate of memory is for; :data:`NEEDS` has the argument that a flavor must meet."""


FIT = Argument(
    name="fit",
    group="Model",
    read=read_flavor,
    metavar="FLAVOR",
    help="The smallest set of changes with which the job surely fits this flavor.",
)
"""The flavor that a job is made to fit."""


SOLVE = Argument(
    name="solve",
    group="Model",
    choices="hfplanner.estimate.memory.solve:Unknown",
    help="The largest value of one input with which the job still fits each flavor.",
)
"""The inverse question of an estimate of memory."""


TRACE = flag(
    name="trace",
    group="Model",
    help="Run one step of the installed transformers and peft on fake tensors, instead of formulas.",
)
"""Whether memory is traced from the real code; needs the extra ``trace``."""
