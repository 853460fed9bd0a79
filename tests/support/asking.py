"""A question put to a server of a test, with limits that no busy machine reaches, or short ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from demo.dialects.prompt import Prompt, region_reasoner_instruction
from demo.picture.picture import Picture
from demo.reasoners.base import Usage
from demo.reasoners.local import LocalReasoner
from demo.remote.connection import Limits
from demo.remote.reasoner import RemoteReasoner, connect
from tests.support.hostile import Hostile

SECRET = "sk-Geheim-0815"
PATIENT = Limits(backoff_s=0.001, max_characters=5000, max_bytes=1_000_000)
# For servers that stall: before the first piece of text, after it, and after the end.
HASTY = replace(PATIENT, first_token_s=0.3)
BETWEEN = replace(PATIENT, between_s=0.3)
GREEDY = "greedy, otherwise the server’s own settings"
UNPENALISED = f"{GREEDY}: it does not take a repetition penalty"
BROKE = "The connection to the server at {host} broke before its answer was complete. Ask again."
NOT_OPENAI = "sent something that is not an answer in OpenAI’s form. Check that --server"


@contextmanager
def connected(
    server: Hostile | str, limits: Limits = PATIENT, model: str = "auto"
) -> Iterator[RemoteReasoner]:
    url = server if isinstance(server, str) else server.url
    with closing(connect(url, model, limits)[0]) as reasoner:
        yield reasoner


def asked(question: str) -> Prompt:
    return Prompt(question, region_reasoner_instruction(question), ())


def ask(
    reasoner: RemoteReasoner | LocalReasoner, picture: Picture, question: str = "find it"
) -> tuple[str, Usage]:
    *pieces, usage = reasoner.stream(picture, asked(question), threading.Event())
    assert isinstance(usage, Usage)
    return "".join(map(str, pieces)), usage
