"""The shape of a model: what decides how much memory it needs, and nothing else."""

from dataclasses import dataclass, field, fields
from typing import Any, Literal

from hfplanner.errors import UsageError

__all__ = ["Diffusion", "Encoder", "Experts", "Latent", "ModelShape", "Parameters", "Recurrent"]

Kind = Literal["decoder", "encoder", "encoder-decoder", "diffusion"]


@dataclass(frozen=True, slots=True)
class Parameters:
    """How many parameters a model has, by what happens to them.

    Args:
        embedding: token, position and type embeddings: looked up, never quantized by default.
        head: the output projection; 0 where it shares the embedding's weights.
        linear: matrices of the layers, which quantization and autocast act on.
        other: norms, biases, routers: kept in the model's own precision.
        vision: an image or audio tower with its projector; frozen by default when adapters are trained.
    """

    embedding: int
    head: int
    linear: int
    other: int
    vision: int = 0

    @property
    def total(self) -> int:
        """All parameters, each counted once.

        >>> Parameters(10, 0, 80, 1).total
        91
        """
        return sum(getattr(self, part.name) for part in fields(self))

    def scaled_to(self, total: int) -> "Parameters":
        """Return the same parts in proportion, adding up to ``total``: what was counted beats what was derived.

        >>> Parameters(10, 0, 80, 10).scaled_to(110)
        Parameters(embedding=10, head=0, linear=90, other=10, vision=0)
        """
        linear = self.linear + total - self.total
        if linear > 0:
            return Parameters(self.embedding, self.head, linear, self.other, self.vision)
        return Parameters(0, 0, total, 0)


@dataclass(frozen=True, slots=True)
class Experts:
    """A mixture of experts.

    Args:
        count: routed experts in a layer.
        per_token: how many of them one token visits.
        ffn: inner width of one routed expert.
        shared_ffn: inner width of the experts that every token visits, together; 0 without any.
        dense_layers: layers that have a plain feed-forward block instead.
        width: of what routed experts take and return, where it is not the stream's (Nemotron-3-Super); 0 else.
    """

    count: int
    per_token: int
    ffn: int
    shared_ffn: int = 0
    dense_layers: int = 0
    width: int = 0


@dataclass(frozen=True, slots=True)
class Latent:
    """Multi-head latent attention (DeepSeek-V2): keys and values come from one small vector per token.

    Args:
        kv_rank: width of that vector.
        q_rank: width of the compressed query; 0 where the query is not compressed.
        nope: width per head of the part of a key without a position.
        rope: width of the part with one, shared by all heads.
        value: width per head of a value.
    """

    kv_rank: int
    q_rank: int
    nope: int
    rope: int
    value: int


@dataclass(frozen=True, slots=True)
class Recurrent:
    """Layers that keep a state instead of keys and values: Mamba-2, gated delta rule.

    Args:
        layers: how many there are.
        keys: width of all keys, which is that of all queries (Mamba: groups times state size, of B and of C).
        values: width of all values (Mamba: the inner width).
        heads: heads of the values.
        state: elements of one sequence's state in one layer.
        kernel: positions that the convolution before it looks at.
        delta: whether it is the gated delta rule (Qwen3-Next, Qwen3.5) and not Mamba-2.
    """

    layers: int
    keys: int
    values: int
    heads: int
    state: int
    kernel: int
    delta: bool

    @property
    def channels(self) -> int:
        """Width of what the convolution runs over: queries, keys and values."""
        return 2 * self.keys + self.values

    @property
    def projected(self) -> int:
        """Width of the projections into it: what the convolution takes, the gate, and one or two numbers a head."""
        return self.channels + self.values + (2 if self.delta else 1) * self.heads


@dataclass(frozen=True, slots=True)
class Encoder:
    """A second stack: the encoder of an encoder-decoder, or an image tower.

    Args:
        layers: its layers.
        hidden: its width.
        heads: its attention heads.
        ffn: its inner width.
        tokens: positions it works on where the input fixes them (image patches); 0 where they follow the text.
    """

    layers: int
    hidden: int
    heads: int
    ffn: int
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Diffusion:
    """The parts of a text-to-image pipeline.

    Args:
        denoiser: parameters of the UNet or transformer that runs at every step.
        text_encoders: parameters of all text encoders.
        vae: parameters of the autoencoder.
        transformer: whether the denoiser is a transformer (DiT) and not a UNet.
        hidden: channels of a UNet's first level, or width of the transformer.
        layers: transformer blocks; 0 for a UNet.
        heads: attention heads at the finest level.
        downscale: pixels per latent along one side.
        patch: latents per token along one side, for a transformer.
        resolution: pixels along one side that the model was made for.
        frames: latent frames of a video that it was made for; 1 for pictures.
        temporal: frames of a video that one latent frame holds, after the first; 1 for pictures.
        experts: denoisers that take turns (Wan 2.2), all of which ``denoiser`` counts.
        decoder: elements per pixel that the autoencoder's decoder holds at once, as traced; 0 is AutoencoderKL's.
        decoded: latent frames that it decodes at once; 0 for all of them.
        block: widths of the stream that a transformer's block holds at once, as traced.
        apart: whether the two halves of guidance go through the denoiser one after the other.
        channels: of a UNet's levels, the finest first; empty is Stable Diffusion's, or SDXL's from 1,024 pixels on.
        transformers: transformer layers behind each residual block of these levels.
        steps: of denoising, where nobody says how many.
        guided: whether every step is taken twice, with the prompt and without (classifier-free guidance).
        prompt: tokens of a prompt, padded, as a transformer sees them.
    """

    denoiser: int
    text_encoders: int
    vae: int
    transformer: bool = False
    hidden: int = 320
    layers: int = 0
    heads: int = 8
    downscale: int = 8
    patch: int = 1
    resolution: int = 512
    frames: int = 1
    experts: int = 1
    decoder: int = 0
    decoded: int = 0
    block: int = 16
    apart: bool = False
    temporal: int = 1
    channels: tuple[int, ...] = ()
    transformers: tuple[int, ...] = ()
    steps: int = 50
    guided: bool = True
    prompt: int = 512

    def latent_frames(self, frames: int) -> int:
        """Return the latent frames of a video of so many frames; 0 is the video that the pipeline was made for.

        Raises:
            UsageError: the pipeline makes pictures.

        >>> Diffusion(denoiser=1, text_encoders=1, vae=1, frames=21, temporal=4).latent_frames(49)
        13
        """
        if frames > 1 and self.temporal == 1:
            raise UsageError("The model makes pictures, not videos.", hint="Leave --frames out.")
        return (frames - 1) // self.temporal + 1 if frames else self.frames

    @property
    def shown_frames(self) -> int:
        """Frames of the video that the pipeline was made for, as they are shown; 1 for a picture.

        >>> Diffusion(denoiser=1, text_encoders=1, vae=1, frames=21, temporal=4).shown_frames
        81
        """
        return (self.frames - 1) * self.temporal + 1

    @property
    def copies(self) -> int:
        """Copies of a picture that the denoiser sees at once: with guidance the one with the prompt and the other."""
        return 2 if self.guided and not self.apart else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelShape:
    """Everything an estimate of memory asks of a model. Widths are elements, counts are counts.

    Args:
        name: the id, the folder or what was typed.
        model_type: the architecture as ``transformers`` names it; ``""`` where it is not known.
        kind: what it computes.
        hidden: width of the residual stream.
        layers: decoder layers, or encoder layers of an encoder.
        heads: query heads.
        kv_heads: key and value heads (grouped-query attention has fewer than query heads, multi-query one).
        head_dim: width of one head.
        ffn: inner width of the feed-forward block.
        vocab: tokens of the output projection; 0 where there is none.
        parameters: counts by part.
        gated: whether the feed-forward block has a gate (three matrices) or not (two).
        sliding_window: positions a sliding-window layer looks back; 0 where all layers see everything.
        sliding_layers: layers that look back no further than the window.
        linear_layers: layers whose state does not grow with the context (Mamba, linear attention, convolution).
        recurrent: what is known of those with a state, if there are any.
        feed_forward_layers: layers with a feed-forward block; 0 where all have one. Nemotron-H's have one thing each.
        global_head_dim: width of a head in layers that see everything, where it differs (Gemma 4); 0 else.
        global_kv_heads: their key and value heads, where they differ; 0 else.
        gated_attention: whether attention's output is gated by a projection as wide as the queries.
        streams: copies of the residual stream that run side by side (AltUp of Gemma 3n).
        layer_input: width of what each layer gets from an embedding of its own (Gemma 3n and 4); 0 without.
        experts: the mixture of experts, if it is one.
        latent: latent attention, if it has it.
        encoder: the second stack, if there is one.
        diffusion: the pipeline, if it is one.
        stored_dtype: precision of the stored weights: ``"bf16"``, ``"fp16"``, ``"fp32"``, ``"fp8"``.
        stored_quantization: how they are stored quantized, as ``--quantization`` spells it; ``"none"``.
        stored_bytes: size of the weight files; 0 where not known.
        position_limit: longest context the model was made for; 0 where not known.
        counted: whether the parameter counts come from the files themselves.
        doubt: relative uncertainty (one sigma) that comes from not knowing the model well.
        notes: what was assumed, a sentence each.
    """

    name: str
    model_type: str
    kind: Kind = "decoder"
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    vocab: int
    parameters: Parameters
    gated: bool = True
    sliding_window: int = 0
    sliding_layers: int = 0
    linear_layers: int = 0
    recurrent: Recurrent | None = None
    feed_forward_layers: int = 0
    global_head_dim: int = 0
    global_kv_heads: int = 0
    gated_attention: bool = False
    streams: int = 1
    layer_input: int = 0
    experts: Experts | None = None
    latent: Latent | None = None
    encoder: Encoder | None = None
    diffusion: Diffusion | None = None
    stored_dtype: str = "bf16"
    stored_quantization: str = "none"
    stored_bytes: int = 0
    position_limit: int = 0
    counted: bool = False
    doubt: float = 0.0
    notes: tuple[str, ...] = field(default=())

    @property
    def block_layers(self) -> int:
        """Layers that have a feed-forward block."""
        return self.feed_forward_layers or self.layers

    @property
    def sparse_layers(self) -> int:
        """Layers whose feed-forward block is a mixture of experts."""
        return max(self.block_layers - self.experts.dense_layers, 0) if self.experts else 0

    @property
    def attention_layers(self) -> int:
        """Layers with attention, whether they keep keys and values of their own or not."""
        return self.layers - self.linear_layers if self.recurrent else self.layers

    @property
    def query_width(self) -> int:
        """Width of all query heads together."""
        if self.latent:
            return self.heads * (self.latent.nope + self.latent.rope)
        return self.heads * self.head_dim

    @property
    def value_width(self) -> int:
        """Width of what attention hands on: all query heads times the width of a value."""
        return self.heads * (self.latent.value if self.latent else self.head_dim)

    @property
    def kv_width(self) -> int:
        """Width of all keys, which is that of all values but for latent attention."""
        return self.query_width if self.latent else self.kv_heads * self.head_dim

    def to_json(self) -> dict[str, Any]:
        """Return what the model is, as the interface spells it."""
        return {
            "name": self.name,
            "model_type": self.model_type,
            "kind": self.kind,
            "parameters": self.parameters.total,
            "parameters_counted": self.counted,
            "hidden": self.hidden,
            "layers": self.layers,
            "heads": self.heads,
            "kv_heads": self.kv_heads,
            "ffn": self.ffn,
            "vocab": self.vocab,
            "stored_dtype": self.stored_dtype,
            "stored_quantization": self.stored_quantization,
            "notes": list(self.notes),
        }
