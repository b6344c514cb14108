"""What every model of the Jobs API shares: both spellings in, the API's spelling out, nothing unknown lost."""

from typing import Any

from pydantic import BaseModel, ConfigDict
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

    def to_api(self) -> dict[str, Any]:
        """Return the record as the API spells it: camelCase keys, only what was given, JSON values."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)
