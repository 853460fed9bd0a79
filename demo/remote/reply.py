"""One answer as it arrives: its text, its token counts, and whether it is complete.

It takes the JSON values that `stream.py` cuts out of a body, which may be anything: OpenAI's chunks, whole
answers, and the forms of other servers. It knows nothing of connections.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from demo.reasoners.base import Usage
from demo.remote.errors import FormError, GivenUpError, RefusedError
from demo.remote.tool_calls import ToolCalls

_FAILED = re.compile(r"error|abort|cancel|fail|insufficient|overload|timeout|timed")
_WITHHELD = re.compile(r"filter|safety|sensitive|block|prohibit|recitation|refus")
_TAGS = ("scene", "focus", "think", "answer")


class Reply:
    """The part of an answer that has arrived; ``tell`` is called with each piece of its text.

    Some servers send the text between <think> and </think> separately, or calls of tools; these are put
    back in their places, where ``is_thinking`` says that the thought was begun before.
    ``is_ended`` is set once the server says that the answer is complete, ``is_full`` when it had no
    more room, ``is_known`` once a value had an answer's form. ``decoding`` says how the text was decoded.
    """

    def __init__(self, tell: Callable[[str], None], *, is_thinking: bool = False) -> None:
        self.tell, self.text, self.decoding, self._is_thinking = tell, "", "", is_thinking
        self.begin()

    def begin(self) -> None:
        """Reset everything but the text, before each attempt."""
        self.usage = Usage()
        self.is_ended = self.is_full = self.is_apart = self.is_known = False
        self._index: object = None
        self._calls = ToolCalls()

    def take(self, event: object, max_characters: int) -> bool:
        """Add a value of the stream, up to ``max_characters`` in all. Returns whether it added any.

        Raises RefusedError for an error in place of an answer, GivenUpError for an answer that the server
        does not complete, FormError for anything else that is not part of one.
        """
        if not isinstance(event, Mapping):
            raise FormError
        _look_for_failure(event)
        self._count(event)
        choice = self._choice(event)
        if choice is None:
            return False
        self.is_known = True
        reason = _reason(choice)
        self.is_ended, self.is_full = (
            self.is_ended or bool(reason),
            reason in ("length", "max_tokens"),
        )
        whole = self._join(_message(choice))
        if reason and not self.is_full:
            whole += self._calls.end()
        piece = whole[: max_characters - len(self.text)]
        if piece:
            self.text += piece
            self.tell(piece)
        _look_for_end(reason)
        return bool(piece or reason)

    def is_whole(self, is_framed: bool) -> bool:
        """Whether a text that ended without any mark looks complete.

        A body whose end is marked (``is_framed``) was ended by the server, so only a text that is visibly
        cut is incomplete; where only the connection ended, the text must end with a closing mark.
        """
        return not _is_cut(self.text) and (is_framed or _is_closed(self.text))

    def _choice(self, event: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The part that holds the text: the first choice of the stream, or Ollama's own form."""
        choices = event.get("choices")
        if choices is None:
            return event if isinstance(event.get("message"), Mapping) else None
        if not isinstance(choices, list) or not all(isinstance(c, Mapping) for c in choices):
            raise FormError
        if choices and self._index is None:
            self._index = choices[0].get("index", 0)
        self.is_known = True
        return next((c for c in choices if c.get("index", 0) == self._index), None)

    def _join(self, message: Mapping[str, Any]) -> str:
        thought, answer = _texts(message.get("content"))
        thought = _first(message, "reasoning_content", "reasoning", "thinking") or thought
        answer = answer or _first(message, "refusal")
        before = self._calls.end() if answer else ""
        answer = before + answer + _clean(self._calls.take(message.get("tool_calls")))
        if thought:
            is_begun = self.is_apart or (self._is_thinking and not self.text)
            thought, self.is_apart = thought if is_begun else f"<think>{thought}", True
        if answer:
            answer, self.is_apart = f"</think>{answer}" if self.is_apart else answer, False
        return thought + answer

    def _count(self, event: Mapping[str, Any]) -> None:
        counted = event.get("usage")
        if counted is None and "eval_count" in event:
            counted = event
        if counted is not None:
            self.usage = _usage(counted)


def _look_for_failure(event: Mapping[str, Any]) -> None:
    """Raises RefusedError for an error in place of an answer, with the status that it names, if any."""
    error = event.get("error")
    instead = event.get("detail") or event.get("msg") or event.get("errors")
    if isinstance(event.get("message"), str):
        instead = instead or event["message"]
    if not error and ("choices" in event or not instead):
        return
    within = error if isinstance(error, Mapping) else event
    codes = (within.get(name) for name in ("code", "status", "status_code"))
    status = next((n for c in codes if (n := _whole(c)) is not None and 400 <= n < 600), 0)
    raise RefusedError(status, dict(event))


def _look_for_end(reason: str) -> None:
    if _WITHHELD.search(reason):
        raise GivenUpError(reason, is_withheld=True)
    if _FAILED.search(reason):
        raise GivenUpError(reason)


def _message(choice: Mapping[str, Any]) -> Mapping[str, Any]:
    """The message of a choice: a piece, a whole one, or the text of an older form."""
    message = choice.get("delta") or choice.get("message")
    if message is None and "text" in choice:
        return {"content": choice["text"]}
    if message is not None and not isinstance(message, Mapping):
        raise FormError
    return message or {}


def _reason(choice: Mapping[str, Any]) -> str:
    """Why the answer ended, in lower case; empty while it continues."""
    reason = choice.get("finish_reason")
    if reason is None and choice.get("done") is True:
        reason = choice.get("done_reason") or "stop"
    text = str(reason or "").strip().lower()
    return "" if text in ("null", "none") else text


def _texts(content: object) -> tuple[str, str]:
    """The thought and the text of a content, which is a text or a list of parts."""
    if isinstance(content, list):
        pairs = [_texts(part) for part in content]
        return "".join(thought for thought, _ in pairs), "".join(answer for _, answer in pairs)
    if isinstance(content, Mapping):
        if "thinking" in content:
            return "".join(_texts(content["thinking"])), ""
        return _texts(content.get("text"))
    return "", _clean(content)


def _first(message: Mapping[str, Any], *names: str) -> str:
    return next((text for name in names if (text := _clean(message.get(name)))), "")


def _clean(text: object) -> str:
    if text is None:
        return ""
    if not isinstance(text, str):
        raise FormError
    # Half a character, which JSON can hold, could not be saved.
    return text.encode("utf-8", "replace").decode()


def _usage(counted: object) -> Usage:
    if not isinstance(counted, Mapping):
        return Usage()
    details = counted.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, Mapping) else None
    return Usage(
        _count(counted, "prompt_tokens", "input_tokens", "prompt_eval_count"),
        _count(counted, "completion_tokens", "output_tokens", "eval_count"),
        _whole(cached),
    )


def _count(counted: Mapping[str, Any], *names: str) -> int | None:
    return next((n for name in names if (n := _whole(counted.get(name))) is not None), None)


def _whole(value: object) -> int | None:
    """A whole number, even where a server writes it as text; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value.strip()):
        return int(value)
    return value if type(value) is int and 0 <= value < 10**9 else None


def _is_cut(text: str) -> bool:
    """Whether a text ends inside an open tag, list, object or fence."""
    lower = text.lower()
    if any(lower.rfind(f"<{tag}>") > lower.rfind(f"</{tag}>") for tag in _TAGS):
        return True
    last = text[lower.rfind("<answer>") + 1 :]
    opened = any(last.count(left) > last.count(right) for left, right in ("[]", "{}"))
    return opened or text.count("```") % 2 == 1


def _is_closed(text: str) -> bool:
    return text.rstrip().lower().endswith(("</answer>", "]", "}", "```"))
