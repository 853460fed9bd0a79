"""The page on the network: model and segmenter watched, every request guarded, and an end in order."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.utils import get_upload_folder
from starlette.middleware import Middleware

from demo.access.accounts import Accounts
from demo.access.logins import Logins
from demo.access.visitors import Visitors
from demo.dialogue.examples import load_examples
from demo.dialogue.store import Store
from demo.machine.environment import say
from demo.models.switching import RunningModels, may_switch
from demo.ui.page import build_page, launch_options
from demo.web.address import Address
from demo.web.guard import USER, Guard, GuardContext
from demo.web.logs import take_over_server_logs
from demo.web.monitoring import Watch
from demo.web.rules import Rules, rules_for

if TYPE_CHECKING:
    from demo.evaluate.index import Index
    from demo.models.available import AvailableModels
    from demo.models.selection import Models

log = logging.getLogger(__name__)

MAX_WAITING = 128  # events; without a number, a ZeroGPU Space would let one wait
_LAST_TURNS_S = 5.0  # for running turns to end, when the server stops
_LAST_ANSWERS_S = 2  # for what they have written to reach the browsers


def serve(
    models: Models,
    options: argparse.Namespace,
    accounts: Accounts | None,
    store: Store | None,
    index: Index | None = None,
) -> None:
    """Launch the page and stay until SIGINT or SIGTERM; ``index`` is that of a benchmark to play."""
    rules = rules_for(
        options.host, os.environ, shared=options.share, behind_proxy=options.behind_proxy
    )
    available = None
    if models.entry is not None and may_switch(options, accounts, os.environ):
        from demo.models.available import AvailableModels  # needs what loads models

        available = AvailableModels(options, models.entry)
    served = Served.start(
        models,
        rules,
        accounts,
        store,
        index,
        available,
        server_name=Address(options.host, options.port).url_host,
        server_port=options.port,
        share=options.share,
    )
    wait_for_signal(served.announce)
    served.stop()


@dataclass(frozen=True, slots=True)
class Served:
    """A page that is being served; ``shared`` is its public link, if it has one."""

    page: gr.Blocks
    watch: Watch
    running: RunningModels
    store: Store | None
    url: str
    shared: str | None

    @classmethod
    def start(
        cls,
        models: Models,
        rules: Rules,
        accounts: Accounts | None,
        store: Store | None = None,
        index: Index | None = None,
        available: AvailableModels | None = None,
        **launch: Any,
    ) -> Served:
        """Serve the page for these models; ``launch`` are further arguments of Gradio's own.

        With a shelf, the models can be exchanged from the page.
        """
        watch = Watch()
        running = RunningModels(models, available, watch.models)
        page = build_page(running, load_examples(), store, index)
        # Turns are for the queue only, so that nobody passes those who wait.
        page.queue(max_size=MAX_WAITING, api_open=False)
        watch.count_waiting(lambda: float(len(page._queue)))
        uploads = Path(get_upload_folder())
        uploads.mkdir(parents=True, exist_ok=True)
        logins = Logins(accounts) if accounts else None
        health = health_of(watch, running)
        context = GuardContext(rules, watch, health, logins, uploads, endpoints_of(page))
        _, url, shared = page.launch(
            quiet=True,
            ssr_mode=False,  # the canvas is drawn in the browser
            prevent_thread_lock=True,
            app_kwargs={"middleware": [Middleware(Guard, context=context), Middleware(Visitors)]},
            auth_dependency=_user_of if logins else None,
            **launch_options(),
            **launch,
        )
        take_over_server_logs()
        log.info("started", extra={"facts": {"model": models.reasoner.name}})
        return cls(page, watch, running, store, url.rstrip("/"), shared)

    def announce(self) -> None:
        """Tell people where it runs."""
        say(f"Running on {self.url}")
        if self.shared:
            say(f"Public link: {self.shared}")

    def stop(self) -> None:
        """End running turns, let their answers out, and close everything."""
        ended = self.watch.stop(_LAST_TURNS_S)
        if ended:
            time.sleep(0.3)  # the last updates are on their way to the browsers
        self.page.server.config.timeout_graceful_shutdown = _LAST_ANSWERS_S
        self.page.close(verbose=False)
        self.running.close()
        if self.store is not None:
            self.store.close()
        log.info("stopped", extra={"facts": {"all_turns_ended": ended}})


def endpoints_of(page: gr.Blocks) -> frozenset[str | int]:
    """The names and numbers of what can be called."""
    names = (fn.api_name for fn in page.fns.values() if isinstance(fn.api_name, str))
    return frozenset([*page.fns, *names, "predict"])


def health_of(watch: Watch, running: RunningModels) -> Callable[[], dict[str, Any]]:
    """What /health tells: status, model, and seconds since the start.

    Where models can be exchanged: what is done about another one, and how often that has been tried.
    """
    began = time.monotonic()

    def health() -> dict[str, Any]:
        exchange = {"doing": running.doing, "changes": running.changes}
        return {
            "status": "stopping" if watch.stopping else "ok",
            "model": running.models.reasoner.name,
            **(exchange if running.may_switch else {}),
            "uptime_s": round(time.monotonic() - began, 1),
        }

    return health


def wait_for_signal(ready: Callable[[], None]) -> None:
    """Say that it is ``ready`` and sleep until SIGINT or SIGTERM; a second one ends the process at once."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        ready()
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)


def _user_of(request: Any) -> str | None:
    user = request.scope.get(USER)
    return user if isinstance(user, str) else None
