"""Remote text in frames of any size: the rules of :mod:`hfplanner.sanitize` as expressions."""

import polars as pl

from hfplanner.report.csv_format import FORMULA_STARTS

__all__ = ["neutral_text", "safe_text"]

_LONGEST_CELL = 1000
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# Cc without the white space that becomes a space, Cf, Zl and Zp; a frame cannot hold lone surrogates.
_UNSAFE = r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]"


def safe_text(text: pl.Expr) -> pl.Expr:
    r"""Return text on one line without control, bidirectional or zero-width characters.

    >>> pl.select(safe_text(pl.lit("\x1b[31mred\r\nline\u202e"))).item()
    '\ufffd[31mred line\ufffd'
    """
    joined = text.str.replace_all(r"[\s\x1c-\x1f]+", " ").str.strip_chars(" ")
    return joined.str.replace_all(_UNSAFE, _REPLACEMENT).str.slice(0, _LONGEST_CELL)


def neutral_text(text: pl.Expr) -> pl.Expr:
    """Return safe text that no spreadsheet takes for a formula.

    >>> pl.select(neutral_text(pl.lit("=1+1"))).item()
    "'=1+1"
    """
    safe = safe_text(text)
    starts = pl.any_horizontal(safe.str.starts_with(start) for start in FORMULA_STARTS)
    return pl.when(starts).then(pl.concat_str(pl.lit("'"), safe)).otherwise(safe)
