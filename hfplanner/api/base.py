"""What every model of the Jobs API shares: both spellings in, the API's spelling out, nothing unknown lost."""

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

__all__ = ["ApiModel"]


class ApiModel(BaseModel):
    """A frozen record of the Jobs API.

    Input may be spelled as the API does (``createdAt``) or as Python does (``created_at``). Fields the API adds later
    are kept as data in ``model_extra`` and survive a round trip. What ``repr`` shows is what ``huggingface_hub`` 2.4.0
    shows of the same record, in its order, and then what only this class knows and the answer said.
    """

    reference_fields: ClassVar[tuple[str, ...]] = ()
    """The attributes of the class of the same name in ``huggingface_hub`` 2.4.0, where ours stand in another order."""
    empty_is_none: ClassVar[tuple[str, ...]] = ()
    """Fields whose empty list, mapping or text means "not said", as it does to ``huggingface_hub``."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        defer_build=True,
        extra="allow",
        frozen=True,
        serialize_by_alias=True,
        validate_by_alias=True,
        validate_by_name=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _one_spelling(cls, data: object) -> object:
        """Where ``createdAt`` and ``created_at`` are both given, keep the API's unless it says nothing."""
        if not isinstance(data, Mapping):
            return data
        merged: dict[Any, Any] = dict(data)
        for name, field in cls.model_fields.items():
            if field.alias is None or field.alias == name or not {name, field.alias} <= merged.keys():
                continue
            python_value = merged.pop(name)
            if merged[field.alias] in (None, ""):
                merged[field.alias] = python_value
        return merged

    @model_validator(mode="before")
    @classmethod
    def _empty_as_none(cls, data: object) -> object:
        if not isinstance(data, Mapping) or not cls.empty_is_none:
            return data
        keys = {key for name in cls.empty_is_none for key in (name, cls.model_fields[name].alias)}
        return {key: value or None if key in keys else value for key, value in data.items()}

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        fields = type(self).model_fields
        reference = self.reference_fields or tuple(fields)
        inferred = [name for name in reference if name in {"endpoint", "url"}]
        said = [name for name in reference if name not in inferred]
        ours = [name for name in fields if fields[name].repr and name not in reference]
        also_said = [name for name in ours if getattr(self, name) is not None]
        for name in (*said, *also_said, *inferred):
            yield name, self._shown(name)
        yield from (self.model_extra or {}).items()

    def _shown(self, name: str) -> Any:  # noqa: ANN401 - whatever the field holds
        value = getattr(self, name)
        return value.value if isinstance(value, Enum) else value

    def __str__(self) -> str:
        return repr(self)

    def to_api(self) -> dict[str, Any]:
        """Return the record as the API spells it: camelCase keys, only what was given, JSON values."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)
