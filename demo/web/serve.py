"""The page on the network: model and segmenter watched, every request guarded, and an end in order."""

from __future__ import annotations

import argparse
import logging
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import gradio as gr
from fastapi.exceptions import RequestValidationError
from gradio import queueing, route_utils, routes
from gradio.utils import MatplotlibBackendMananger, get_function_params, get_upload_folder
from starlette.middleware import Middleware

from demo.access.accounts import Accounts, AccountsFile
from demo.access.agent_token import AgentToken
from demo.access.logins import Logins
from demo.access.peers import Proxies
from demo.access.visitors import VisitorCookies, Visitors, read_key
from demo.dialogue.examples import load_examples
from demo.dialogue.store import Store
from demo.errors import STOPPING, DemoError
from demo.machine.ending import ended_by_signal
from demo.machine.environment import say
from demo.machine.unused import settle
from demo.models.switching import RunningModels, may_switch
from demo.picture.apart import reading_apart
from demo.remote.address import read_address
from demo.ui.page import build_page, launch_options, show_models
from demo.web.address import Address
from demo.web.answer import wrong_form
from demo.web.calls import Accepts, Call
from demo.web.connections import (
    Connections,
    accepting_few,
    guard_connections,
    let_many_wait,
    raise_open_files,
)
from demo.web.guard import USER, Guard, GuardContext
from demo.web.logs import take_over_server_logs, take_over_traces
from demo.web.monitoring import Watch
from demo.web.rules import Rules, rules_for, warnings_of
from demo.web.unread_results import keep_few_unread

if TYPE_CHECKING:
    from demo.agents.endpoint import AgentsEndpoint
    from demo.evaluate.index import Index
    from demo.models.available import AvailableModels
    from demo.models.models import Models
    from demo.remote.nearby import Nearby

log = logging.getLogger(__name__)

MAX_WAITING = 128  # events; without a number, a ZeroGPU Space would let one wait
_LAST_TURNS_S = 5.0  # for running turns to end, when the server stops
_KEY_FILE = "visitors.key"
_LOOK_S = 0.02  # between two looks for new events in the queue
_LAST_ANSWERS_S = 2  # for what they have written to reach the browsers


def serve(
    models: Models,
    options: argparse.Namespace,
    accounts: Accounts | AccountsFile | None,
    store: Store | None,
    index: Index | None = None,
    agents: AgentToken | None = None,
) -> None:
    """Launch the page and stay until SIGINT or SIGTERM; ``index`` is that of a benchmark to play, and
    with a token for ``agents`` there are tools for them.

    Models that are expected only are loaded once the page answers. Raises InputError or ModelError when
    they cannot be; then the page is closed.
    """
    rules = rules_for(
        options.host,
        os.environ,
        shared=options.share,
        behind_proxy=options.behind_proxy is not None,
        proxies=options.behind_proxy or Proxies(),
    )
    for sentence in warnings_of(rules, options.host):
        log.warning(sentence)
    with reading_apart():
        served = Served.start(
            models,
            rules,
            accounts,
            store,
            index,
            may_switch=models.is_expected and may_switch(options, accounts, os.environ),
            may_link=not options.no_links,
            server_name=Address(options.host, options.port).url_host,
            server_port=options.port,
            share=options.share,
            agents=agents,
        )
        try:
            with ended_by_signal():
                served.announce()
                if models.is_expected:
                    served.load(options)
                with MatplotlibBackendMananger():  # Gradio imports it for the first call
                    settle()
                while True:
                    time.sleep(3600)
        finally:
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
    has_agents: bool = False

    @classmethod
    def start(
        cls,
        models: Models,
        rules: Rules,
        accounts: Accounts | AccountsFile | None,
        store: Store | None = None,
        index: Index | None = None,
        available: AvailableModels | None = None,
        *,
        may_switch: bool = False,
        agents: AgentToken | None = None,
        may_link: bool = True,
        **launch: Any,
    ) -> Served:
        """Serve the page for these models; ``launch`` are further arguments of Gradio's own.

        Where others are available, or ``may_switch`` says they will be, they can be chosen in the page.
        ``may_link`` says whether dialogues that are kept can be shared by links.
        """
        watch = Watch()
        running = RunningModels(models, available, watch.models, may_switch=may_switch)
        page = build_page(running, load_examples(), store, index, may_link=may_link)
        # Turns are for the queue only, so that nobody passes those who wait.
        page.queue(max_size=MAX_WAITING, api_open=False)
        # Gradio would look for news 1,000 and 100 times a second, which takes 4 % of a core for ever.
        page._queue.sleep_when_free, page._queue.progress_update_sleep_when_free = (
            _LOOK_S,
            5 * _LOOK_S,
        )
        keep_few_unread(page._queue)
        watch.count_waiting(lambda: float(len(page._queue)))
        uploads = Path(get_upload_folder())
        uploads.mkdir(parents=True, exist_ok=True)
        visitors = visitors_of(store)
        context = GuardContext(
            rules=rules,
            watch=watch,
            health=health_of(watch, running),
            logins=Logins(accounts) if accounts else None,
            visitors=visitors,
            uploads=uploads,
            calls=calls_of(page),
            has_messages=lambda name: _has_messages(page, name),
            agents=_endpoint(running, agents) if agents else None,
            links=store.links if store and may_link else None,
        )
        with accepting_few():
            _, url, shared = page.launch(
                quiet=True,
                ssr_mode=False,  # the canvas is drawn in the browser
                mcp_server=False,  # Gradio's own asks for no token
                prevent_thread_lock=True,
                auth_dependency=_user_of if accounts else None,
                **launch_options(
                    Middleware(Guard, context=context),
                    Middleware(VisitorCookies, visitors=visitors),
                    handlers={RequestValidationError: wrong_form},
                ),
                **launch,
            )
        let_many_wait(page.server)
        guard_connections(page.server.config, Connections(_is_counted(rules), raise_open_files()))
        if shared and rules.names is not None:
            context.rules = replace(rules, names=rules.names | {str(urlsplit(shared).hostname)})
        take_over_server_logs()
        take_over_traces(queueing, routes, route_utils)
        log.info("started", extra={"facts": {"model": models.reasoner.name}})
        return cls(page, watch, running, store, url.rstrip("/"), shared, bool(agents))

    def announce(self) -> None:
        """Tell people where it runs."""
        say(f"Running on {self.url}")
        if self.shared:
            say(f"Public link: {self.shared}")
        if self.has_agents:
            say(f"For agents, with the token: {self.url}/mcp")

    def load(self, options: argparse.Namespace) -> None:
        """Load the models that the options ask for, on this thread, while the page waits for them.

        Raises InputError or ModelError, which those who wait get as well.
        """
        # Nobody but the one person that it is for may make this machine ask its own ports.
        nearby = _nearby(options) if self.running.may_switch else None
        from demo.models.available import AvailableModels  # these take long to import
        from demo.models.selection import choose, choose_or_none

        first = choose_or_none if self.running.may_switch else choose
        try:
            models = first(options, begin=self.running.expect, fetching=self.running.fetching)
        except DemoError as error:
            self.running.refuse(str(error))
            raise
        others = AvailableModels(options, models.entry, nearby) if nearby else None
        self.running.arrive(models, others)
        show_models(self.page, self.running)
        say(f"{models.status}. {models.why}")

    def stop(self) -> None:
        """End running turns, let their answers out, and close everything."""
        self.running.refuse(STOPPING)
        ended = self.watch.stop(_LAST_TURNS_S)
        if ended:
            time.sleep(0.3)  # the last updates are on their way to the browsers
        self.page.server.config.timeout_graceful_shutdown = _LAST_ANSWERS_S
        self.page.close(verbose=False)
        self.running.close()
        if self.store is not None:
            self.store.close()
        log.info("stopped", extra={"facts": {"all_turns_ended": ended}})


def _endpoint(running: RunningModels, token: AgentToken) -> AgentsEndpoint:
    from demo.agents.endpoint import AgentsEndpoint  # its library may be absent

    return AgentsEndpoint(running, token)


def _nearby(options: argparse.Namespace) -> Nearby:
    """The model servers that are here, which are looked for from now on."""
    from demo.remote.nearby import Nearby, usual_addresses

    named = [read_address(options.server)] if options.server else []
    nearby = Nearby([*named, *usual_addresses(os.environ)])
    nearby.look()
    return nearby


def calls_of(page: gr.Blocks) -> dict[str | int, Call]:
    """What can be called, by name and by number."""
    calls = {number: _call_of(fn) for number, fn in page.fns.items()}
    names = {fn.api_name: calls[number] for number, fn in page.fns.items()}
    return {**calls, **{name: call for name, call in names.items() if isinstance(name, str)}}


def _call_of(fn: Any) -> Call:
    sent = [block for block in fn.inputs if not block.skip_api]
    if fn.api_visibility == "public":
        accepts, name, parameters = _accepting, fn.api_name, _names(fn)
    else:
        accepts, name, parameters = _accepting_of_page, "", ()
    return Call(tuple(map(accepts, fn.inputs)), tuple(map(accepts, sent)), name, parameters)


def _names(fn: Any) -> tuple[str, ...]:
    return tuple(name for name, *_ in get_function_params(fn.fn))


def _has_messages(page: gr.Blocks, name: str) -> bool:
    """Whether Gradio holds, or will have, messages for a page session, or the result of a call."""
    queue = page._queue
    # Gradio knows a call for a moment longer than it has a result for it: who asks again then would wait
    # for ever.
    waited_for = list(queue.pending_event_ids_session.values())
    return any(name in calls for calls in waited_for) or (
        # A program's call has a session of the same name, which stays when its result was read.
        name in queue.pending_messages_per_session and not _is_call(name)
    )


def _is_call(name: str) -> bool:
    """Whether it is a name such as Gradio gives to calls."""
    return re.fullmatch("[0-9a-f]{32}", name) is not None


def _accepting(block: Any) -> Accepts:
    """Whether a component takes a value, as Gradio would find out after it has accepted the call."""
    model = None if block.stateful else getattr(block, "data_model", None)

    def accepts(value: object) -> bool:
        if model is None or value is None:
            return True
        try:
            model.model_validate(value, context={"validate_meta": True})
        except ValueError:
            return False
        return True

    return accepts


def _accepting_of_page(block: Any) -> Accepts:
    """As `_accepting`, but the page always sends a text for a text box; a program is told what it lacks."""
    if isinstance(block, gr.Textbox):
        return lambda value: isinstance(value, str)
    return _accepting(block)


def _is_counted(rules: Rules) -> Callable[[str], bool]:
    """Whether an address is one visitor's: not where it is that of a proxy."""
    return lambda place: rules.are_visitors_known() and place not in rules.proxies


def visitors_of(store: Store | None) -> Visitors:
    """The secrets of visitors, which outlast the server where dialogues do. Raises StoreError."""
    if store is None:
        return Visitors()
    key = read_key(store.folder / _KEY_FILE)
    return Visitors(key, lambda owner: store.newest(owner) is not None)


def health_of(watch: Watch, running: RunningModels) -> Callable[[], dict[str, Any]]:
    """What /health tells: status, model, and seconds since the start.

    While the first model is loaded, and where models can be exchanged: what is done about it, which share
    of it has been fetched, which model comes next, and how often another one was there.
    """
    began = time.monotonic()

    def health() -> dict[str, Any]:
        exchange = {
            "doing": running.doing,
            "share": running.share,
            "coming": running.coming,
            "changes": running.changes,
        }
        return {
            "status": "stopping" if watch.stopping else "loading" if running.is_loading else "ok",
            "model": running.models.reasoner.name,
            **(exchange if running.may_switch or running.is_loading else {}),
            "uptime_s": round(time.monotonic() - began, 1),
        }

    return health


def _user_of(request: Any) -> str | None:
    user = request.scope.get(USER)
    return user if isinstance(user, str) else None
