"""What every model of the Jobs API shares: both spellings in, the API's spelling out, nothing unknown lost."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

__all__ = ["ApiModel"]


class ApiModel(BaseModel):
    """A frozen record of the Jobs API.

    Input may be spelled as the API does (``createdAt``) or as Python does (``created_at``). Fields the API adds later
    are kept as data in ``model_extra`` and survive a round trip.
    """

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

    def to_api(self) -> dict[str, Any]:
        """Return the record as the API spells it: camelCase keys, only what was given, JSON values."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)
