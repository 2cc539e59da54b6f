"""Chats: who speaks in each turn, and how much each kind of speaker says.

A chat is a list of turns that name a speaker (`role` or `from`) and hold what is said (`content`
or `value`: a text, or a list of parts with a text each). A speaker's name says which part the
turn plays, not who wrote it: in most sets a model wrote what `assistant` says, and in some people
did. So names are sorted into four roles here, and what a role means is for layouts, records of
datasets, and callers to say.

What a role can't know:

- **Who typed it.** A `user` turn may be by a person, by a script or by a second model.
- **Names that are not in the lists.** Such turns have no role, so nobody is said to have written
  them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hf_provenance.identity import as_text, is_list, speech_bytes, text_kind

ASSISTANT, USER, SYSTEM, TOOL = "assistant", "user", "system", "tool"

SPEAKERS = {
    ASSISTANT: ("assistant", "gpt", "chatgpt", "bing", "bard", "model", "bot"),
    USER: ("user", "human", "prompter"),
    SYSTEM: ("system", "developer"),
    TOOL: ("tool", "function", "observation", "ipython", "environment"),
}
"""Role to the names, in lower case, under which chats list its turns."""

ROLES = tuple(SPEAKERS)

_TURNS = (("role", "content"), ("from", "value"))
"""Fields of a turn that say who speaks and what is said."""


class Turns(NamedTuple):
    """The turns of a column of chats, one after the other.

    Attributes:
        rows: Row of each turn.
        roles: Role of each turn, a string array; null where the name is in no list.
        sizes: UTF-8 bytes that each turn says.
    """

    rows: NDArray[np.int64]
    roles: pa.Array
    sizes: NDArray[np.int64]


def turn_fields(type_: pa.DataType) -> tuple[str, str] | None:
    """The fields of a chat's turns that hold speaker and speech; None if this is no chat."""
    if not is_list(type_) or not pa.types.is_struct(type_.value_type):
        return None
    turn = type_.value_type
    names = {field.name for field in turn}
    for speaker, said in _TURNS:
        if names.issuperset((speaker, said)):
            spoken = text_kind(turn.field(said).type) in ("text", "nested")
            return (
                (speaker, said)
                if text_kind(turn.field(speaker).type) == "text" and spoken
                else None
            )
    return None


def read_turns(column: pa.ChunkedArray | pa.Array) -> Turns:
    """Who speaks in each turn of a column of chats, and how much.

    Args:
        column: Of a type that `turn_fields` knows.

    Returns:
        The turns in order; null turns and null chats are left out or say nothing.
    """
    fields = turn_fields(column.type)
    assert fields is not None, column.type
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    rows = np.repeat(np.arange(len(array)), lengths.astype(np.int64))
    turns = pc.list_flatten(array)
    names = pc.utf8_lower(pc.utf8_trim_whitespace(as_text(pc.struct_field(turns, fields[0]))))
    roles = pa.nulls(len(names), pa.string())
    for role, speakers in SPEAKERS.items():
        roles = pc.if_else(pc.is_in(names, pa.array(speakers, names.type)), role, roles)
    return Turns(rows, roles, speech_bytes(pc.struct_field(turns, fields[1])))
