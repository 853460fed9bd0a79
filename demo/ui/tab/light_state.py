"""What Gradio remembers of a tab, without what the page has no use for, and of which tabs.

Gradio 6.31.0 writes down the whole page for every new tab, to make links to its present state from it,
which are not served here. That takes 20 ms, in which nobody else is answered, and most of a megabyte. And
where there are too many tabs it forgets the one that was used longest ago, though somebody may look at it.
"""

from __future__ import annotations

from copy import copy
from datetime import datetime
from typing import Any

from gradio import Blocks
from gradio.components import State
from gradio.state_holder import SessionState, StateHolder


def keep_states_light() -> None:
    """Leave the page out of what is remembered of tabs, and forget open ones last, from now on."""
    StateHolder.update = _use
    SessionState.__init__ = _begin
    SessionState.__setitem__ = _set
    SessionState._update_config = SessionState._update_value_in_config = _nothing


def _begin(state: Any, blocks: Blocks) -> None:
    state.blocks_config = copy(blocks.default_config)
    state.config_values = {}
    state.state_data, state._state_ttl = {}, {}
    state.is_closed, state.STATE_TTL_WHEN_CLOSED = False, 3600


def _set(state: Any, key: int, value: Any) -> None:
    block = state.blocks_config.blocks.get(key)
    if isinstance(block, State):
        state._state_ttl[key] = (block.time_to_live, datetime.now())
        state.state_data[key] = value
    else:
        state.blocks_config.blocks[key] = value


def _nothing(*_: Any) -> None:
    pass


def _use(holder: Any, session: str) -> None:
    """Note that a tab is used. Where there are too many, the first to go is one that is not open."""
    with holder.lock:
        known = holder.session_data
        if session in known:
            known.move_to_end(session)
        while len(known) > holder.capacity:
            open_ones = getattr(holder.blocks, "open_streams", ())
            gone = next((name for name in known if name not in open_ones), next(iter(known)))
            del known[gone]
            holder.time_last_used.pop(gone, None)
