"""Pipelines of diffusers against traced steps: ``python -m tests.benchmarks.traced_pipelines [--collect]``.

With ``--collect`` the installed diffusers' denoisers and autoencoders run once on fake tensors: the denoiser on the two
halves of classifier-free guidance, the autoencoder's decoder on one picture or video. Weights of the whole pipeline lie
beside them. A class whose weights are not those of the shipped entry is refused. Without it the report is printed
(``reports/traced_pipelines.md``).
"""

import csv
import importlib.metadata
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hfplanner.estimate.memory.diffusion import decode_bytes, denoise_bytes, diffusion_parts
from hfplanner.estimate.memory.job import MemoryJob
from hfplanner.models.known import find_known
from hfplanner.models.shape import Diffusion

__all__ = ["TracedPipeline", "main", "read_pipelines"]

PEAKS = Path(__file__).parent / "data" / "traced_pipelines.csv"
_COLUMNS = ("model", "resolution", "frames", "denoise_bytes", "decode_bytes", "torch", "diffusers")
_WORDS = 512
_UNET = {"cross_attention_dim": 768, "attention_head_dim": 8}
_XL = {
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": [1, 2, 10], "attention_head_dim": [5, 10, 20], "cross_attention_dim": 2048,
    "addition_embed_type": "text_time", "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816,
    "use_linear_projection": True,
}  # fmt: skip
_SD3 = {
    "num_layers": 24, "num_attention_heads": 24, "attention_head_dim": 64, "joint_attention_dim": 4096,
    "caption_projection_dim": 1536, "pooled_projection_dim": 2048, "out_channels": 16, "pos_embed_max_size": 192,
    "sample_size": 128,
}  # fmt: skip
_PIXART = {
    "num_attention_heads": 16, "attention_head_dim": 72, "num_layers": 28, "sample_size": 128, "out_channels": 8,
    "cross_attention_dim": 1152, "caption_channels": 4096, "interpolation_scale": 2,
    "use_additional_conditions": False,
}  # fmt: skip
_KL = {
    "block_out_channels": (128, 256, 512, 512), "layers_per_block": 2, "latent_channels": 4,
    "down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4,
}  # fmt: skip
# Names of classes, and their settings where they are not the class's defaults.
_CLASSES: dict[str, tuple[str, Mapping[str, Any], str, Mapping[str, Any]]] = {
    "stable-diffusion-v1-5/stable-diffusion-v1-5": ("UNet2DConditionModel", _UNET, "AutoencoderKL", _KL),
    "stabilityai/stable-diffusion-xl-base-1.0": ("UNet2DConditionModel", _XL, "AutoencoderKL", _KL),
    "stabilityai/stable-diffusion-3-medium-diffusers": (
        "SD3Transformer2DModel",
        _SD3,
        "AutoencoderKL",
        {**_KL, "latent_channels": 16},
    ),
    "PixArt-alpha/PixArt-Sigma-XL-2-1024-MS": ("PixArtTransformer2DModel", _PIXART, "AutoencoderKL", _KL),
    "black-forest-labs/FLUX.1-dev": (
        "FluxTransformer2DModel",
        {"guidance_embeds": True},
        "AutoencoderKL",
        {**_KL, "latent_channels": 16},
    ),
    "Qwen/Qwen-Image": ("QwenImageTransformer2DModel", {}, "AutoencoderKLQwenImage", {}),
    "Wan-AI/Wan2.2-T2V-A14B-Diffusers": ("WanTransformer3DModel", {}, "AutoencoderKLWan", {}),
    "Lightricks/LTX-Video": ("LTXVideoTransformer3DModel", {}, "AutoencoderKLLTXVideo", {}),
    "hunyuanvideo-community/HunyuanVideo": (
        "HunyuanVideoTransformer3DModel",
        {},
        "AutoencoderKLHunyuanVideo",
        {},
    ),
}


# Videos that are traced besides those that the pipelines were made for.
_FRAMES = {
    "Wan-AI/Wan2.2-T2V-A14B-Diffusers": (0, 17, 49),
    "Lightricks/LTX-Video": (0, 25, 97),
    "hunyuanvideo-community/HunyuanVideo": (0, 17, 61),
}


@dataclass(frozen=True, slots=True)
class TracedPipeline:
    """One pipeline and its estimate, in bytes beside the weights.

    Args:
        model: its id.
        resolution: pixels along one side.
        frames: of the video; 0 is what the pipeline was made for.
        denoise: what the denoiser's step was traced to need.
        decode: what the autoencoder's decoder was traced to need.
        weights: of the whole pipeline.
        estimated: what the formulas say of the greater of the two.
    """

    model: str
    resolution: int
    frames: int
    denoise: int
    decode: int
    weights: int
    estimated: int

    @property
    def error(self) -> float:
        """Estimate with weights over trace with weights, less one."""
        return (self.estimated + self.weights) / (max(self.denoise, self.decode) + self.weights) - 1


def read_pipelines(path: Path = PEAKS) -> list[TracedPipeline]:
    """Return the traced pipelines with what the formulas say of each today."""
    found = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            shape = find_known(row["model"])
            if shape is None:
                raise LookupError(row["model"])
            job = MemoryJob(resolution=int(row["resolution"]), frames=int(row["frames"]))
            parts = diffusion_parts(shape, job)
            # What cuDNN takes is in the estimate and in no trace.
            decode = decode_bytes(shape.diffusion, job) if shape.diffusion else 0.0
            found.append(
                TracedPipeline(
                    row["model"],
                    int(row["resolution"]),
                    job.frames,
                    int(row["denoise_bytes"]),
                    int(row["decode_bytes"]),
                    round(parts["weights"]),
                    round(max(decode, denoise_bytes(shape, job))),
                )
            )
    return found


def _inputs(  # noqa: PLR0911 - one for each family
    model: str, config: Mapping[str, Any], resolution: int, frames: int, copies: int
) -> dict[str, Any]:
    """Return what the denoiser takes: copies of one picture's latents as guidance makes them, time, and a prompt."""
    import torch  # noqa: PLC0415 - only to collect

    half = torch.bfloat16
    side = resolution // 8
    words = config.get("cross_attention_dim", 768)
    time = torch.empty(copies)
    if "LTX" in model:
        tokens = frames * (resolution // 32) ** 2
        return {
            "hidden_states": torch.empty(copies, tokens, 128, dtype=half),
            "encoder_hidden_states": torch.empty(copies, _WORDS, 4096, dtype=half),
            "timestep": time,
            "encoder_attention_mask": torch.empty(copies, _WORDS),
            "num_frames": frames,
            "height": resolution // 32,
            "width": resolution // 32,
        }
    if "Wan" in model or "Hunyuan" in model:
        more: dict[str, Any] = {}
        if "Hunyuan" in model:
            more = {
                "encoder_attention_mask": torch.empty(copies, 256, dtype=torch.bool),
                "pooled_projections": torch.empty(copies, 768, dtype=half),
                "guidance": torch.empty(copies),
            }
        return {
            "hidden_states": torch.empty(copies, 16, frames, side, side, dtype=half),
            "timestep": time,
            "encoder_hidden_states": torch.empty(copies, 256 if more else _WORDS, 4096, dtype=half),
            **more,
        }
    if "FLUX" in model or "Qwen" in model:
        tokens, width = (side // 2) ** 2, 4096 if "FLUX" in model else 3584
        base = {
            "hidden_states": torch.empty(copies, tokens, 64, dtype=half),
            "encoder_hidden_states": torch.empty(copies, _WORDS, width, dtype=half),
            "timestep": time,
        }
        if "FLUX" in model:
            places = {
                "img_ids": torch.empty(tokens, 3),
                "txt_ids": torch.empty(_WORDS, 3),
                "guidance": torch.empty(copies),
            }
            return {**base, "pooled_projections": torch.empty(copies, 768, dtype=half), **places}
        mask = torch.empty(copies, _WORDS, dtype=torch.bool)
        return {**base, "encoder_hidden_states_mask": mask, "img_shapes": [[(1, side // 2, side // 2)]] * copies}
    if "stable-diffusion-3" in model:
        return {
            "hidden_states": torch.empty(copies, 16, side, side, dtype=half),
            "encoder_hidden_states": torch.empty(copies, 333, 4096, dtype=half),
            "pooled_projections": torch.empty(copies, 2048, dtype=half),
            "timestep": time,
        }
    if "PixArt" in model:
        return {
            "hidden_states": torch.empty(copies, 4, side, side, dtype=half),
            "encoder_hidden_states": torch.empty(copies, 300, 4096, dtype=half),
            "timestep": time,
            "added_cond_kwargs": {"resolution": None, "aspect_ratio": None},
        }
    inputs: dict[str, Any] = {
        "sample": torch.empty(copies, 4, side, side, dtype=half),
        "timestep": time,
        "encoder_hidden_states": torch.empty(copies, 77, words, dtype=half),
    }
    if words > 2000:
        added = {"text_embeds": torch.empty(copies, 1280, dtype=half), "time_ids": torch.empty(copies, 6, dtype=half)}
        inputs["added_cond_kwargs"] = added
    return inputs


def _trace(model: str, pipeline: Diffusion, frames: int) -> tuple[int, int]:
    """Return the most bytes beside the weights while the denoiser runs and while the decoder does."""
    import diffusers  # noqa: PLC0415 - only to collect
    import torch  # noqa: PLC0415 - as above

    from hfplanner.estimate.memory.trace.build import materialize  # noqa: PLC0415 - as above
    from hfplanner.estimate.memory.trace.recorder import Recorder  # noqa: PLC0415 - as above
    from hfplanner.estimate.memory.trace.step import fakes  # noqa: PLC0415 - as above

    name, settings, autoencoder, others = _CLASSES[model]
    resolution, denoiser_weights = pipeline.resolution, pipeline.denoiser // pipeline.experts
    peaks = []
    for kind, config in ((name, settings), (autoencoder, others)):
        decodes = kind == autoencoder
        fp32 = decodes and "xl" in model
        with torch.device("meta"):
            module = getattr(diffusers, kind)(**config).to(torch.float32 if fp32 else torch.bfloat16).eval()
        count = sum(parameter.numel() for parameter in module.parameters())
        if not decodes and abs(count - denoiser_weights) > 0.01 * denoiser_weights:
            raise SystemExit(f"{model}: {kind} has {count:,} weights, not {denoiser_weights:,}.")
        recorder = Recorder()
        with fakes(recorder), torch.no_grad():
            materialize(module)
            before = recorder.now
            recorder.start_program()
            recorder.enter("run")
            if decodes:
                module.decode(_latents(model, resolution, frames, fp32=fp32), return_dict=False)
            else:
                module(**_inputs(model, module.config, resolution, frames, pipeline.copies), return_dict=False)
        peaks.append(recorder.peaks["run"] - before)
    return peaks[0], peaks[1]


def _latents(model: str, resolution: int, frames: int, *, fp32: bool) -> Any:  # noqa: ANN401 - a tensor
    import torch  # noqa: PLC0415 - only to collect

    dtype = torch.float32 if fp32 else torch.bfloat16
    side = resolution // (32 if "LTX" in model else 8)
    channels = 128 if "LTX" in model else 4 if any(word in model for word in ("v1-5", "xl", "PixArt")) else 16
    video = any(word in model for word in ("LTX", "Wan", "Hunyuan", "Qwen"))
    shape = (1, channels, frames, side, side) if video else (1, channels, side, side)
    return torch.empty(shape, dtype=dtype)


def _collect(models: list[str]) -> None:
    versions = [importlib.metadata.version(name) for name in ("torch", "diffusers")]
    known = {(row.model, row.frames) for row in read_pipelines()}
    for model in models:
        shape = find_known(model)
        for frames in _FRAMES.get(model, (0,)):
            if (model, frames) in known or shape is None or shape.diffusion is None:
                continue
            pipeline = shape.diffusion
            denoise, decode = _trace(model, pipeline, pipeline.latent_frames(frames))
            with PEAKS.open("a", newline="", encoding="utf-8") as file:
                row = [model, pipeline.resolution, frames, denoise, decode, *versions]
                csv.writer(file, lineterminator="\n").writerow(row)


def main(arguments: list[str]) -> int:
    """Collect what is named after ``--collect``, or print the report."""
    if arguments[:1] == ["--collect"]:
        _collect(arguments[1:] or list(_CLASSES))
        return 0
    with PEAKS.open(newline="", encoding="utf-8") as file:
        versions = sorted({(row["torch"], row["diffusers"]) for row in csv.DictReader(file)})
    lines = [
        f"# Pipelines of diffusers against traced steps, {datetime.now(UTC):%Y-%m-%d}",
        "",
        "One picture or video with classifier-free guidance, in bf16; GiB. Both ran on fake tensors:",
        "what convolutions take in passing (cuDNN's workspaces) is not seen so, and left out of the estimate here.",
        "`decoder`, `decoded` and `block` in data/models.json were chosen with the rows of Wan, LTX, Hunyuan and",
        "Qwen-Image in view; where no frames are said, they are the pipeline's own.",
        *(f"Versions: torch {torch}, diffusers {library}." for torch, library in versions),
        "",
        "| pipeline | pixels | frames | weights | denoiser's step | decoding | estimate | error with weights |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in read_pipelines():
        sizes = (row.weights, row.denoise, row.decode, row.estimated)
        numbers = " | ".join(f"{size / 2**30:.2f}" for size in sizes)
        lines.append(f"| {row.model} | {row.resolution} | {row.frames or ''} | {numbers} | {100 * row.error:+.1f} % |")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
