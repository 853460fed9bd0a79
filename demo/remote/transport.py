"""HTTP to one server: requests and responses, with the key, the proxy and the bound on a body's size.

It knows no models and no answers.
"""

from __future__ import annotations

import json
import os
import re
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

import httpx2

from demo.errors import ModelError, OptionError
from demo.machine.proxies import proxy_for
from demo.remote.address import KEY, Address
from demo.remote.encodings import decoder
from demo.remote.errors import RefusedError
from demo.remote.faults import Peer


class Transport:
    """Sends requests to one server; waits ``connect_s`` seconds for it, and reads ``max_bytes`` of a body.

    Raises OptionError for a key or a proxy in the environment that cannot be used.
    """

    def __init__(self, address: Address, connect_s: float, max_bytes: int) -> None:
        self._host, self._max_bytes = address.host, max_bytes
        self._query = f"?{address.query}" if address.query else ""
        self._key = _key() if address.is_trusted else ""
        self._proxy = proxy_for(address.bases[0])
        self._client = self._make_client(address.bases[0], connect_s)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    @asynccontextmanager
    async def send(
        self, method: str, url: str, request: Mapping[str, Any] | None = None
    ) -> AsyncIterator[httpx2.Response]:
        """The response once its headers have arrived. Raises RefusedError for an error or a web page."""
        content = None if request is None else json.dumps(request).encode()
        sent = self._client.build_request(method, url + self._query, content=content)
        async with self._follow(sent) as response:
            is_page = "html" in response.headers.get("content-type", "")
            if is_page or not response.is_success:
                body = bytearray()
                await self.read(response, body.extend)
                raise RefusedError(response.status_code, _parse(body), response.headers, is_page)
            yield response

    @asynccontextmanager
    async def _follow(self, request: httpx2.Request) -> AsyncIterator[httpx2.Response]:
        """The response, after at most one redirect on the same server, such as to a path with a slash."""
        response = await self._client.send(request, stream=True)
        try:
            if onward := _redirect(response):
                await response.aclose()
                response = await self._client.send(onward, stream=True)
            yield response
        finally:
            await response.aclose()

    async def read(self, response: httpx2.Response, take: Callable[[bytes], bool | None]) -> bool:
        """Pass the parts of a body to ``take`` until it ends (False) or ``take`` returns True (True).

        Without a limit, one endless line would fill the memory. Raises ModelError for too large a body.
        """
        left, plain = self._max_bytes, decoder(response.headers)
        # Left to Python's collector, it might be closed late, and in another thread.
        async with aclosing(response.aiter_raw()) as parts:
            async for raw in parts:
                part = plain(raw, left + 1)
                left -= len(part)
                if left < 0:
                    megabytes = self._max_bytes / 1e6
                    raise ModelError(
                        f"The server at {self._host} sent more than {megabytes:g} MB for one answer."
                    )
                if take(part):
                    return True
        return False

    def peer(self, model: str = "") -> Peer:
        """The server for sentences about a failure, with the model that was asked."""
        proxy = f"{self._proxy.host} ({self._proxy.variable})" if self._proxy else ""
        return Peer(self._host, model, self._key, proxy)

    def _make_client(self, base: str, connect_s: float) -> httpx2.AsyncClient:
        headers = {"accept": "text/event-stream, application/json", "accept-encoding": "identity",
                   "content-type": "application/json"}  # fmt: skip
        if self._key:
            headers["authorization"] = f"Bearer {self._key}"
            if self._query:
                headers["api-key"] = self._key  # as Azure wants it
        try:
            return httpx2.AsyncClient(
                headers=headers,
                timeout=httpx2.Timeout(None, connect=connect_s),
                follow_redirects=False,  # a picture goes nowhere but where it was sent
                proxy=self._proxy.url if self._proxy else None,
                verify=_trust(base),
                trust_env=False,  # the proxy is chosen already
            )
        except (ValueError, httpx2.InvalidURL):
            assert self._proxy is not None
            raise OptionError(
                f"{self._proxy.variable} is not the address of a proxy. Correct or unset it."
            ) from None


def _key() -> str:
    key = os.environ.get(KEY, "").strip()
    if not re.fullmatch(r"[\x21-\x7e]*", key):
        raise OptionError(f"{KEY} holds characters that no key has. Set it again.")
    return key


def _trust(url: str) -> ssl.SSLContext | bool:
    """The trusted certificates, where an address asks for them."""
    return httpx2.create_ssl_context() if url.startswith("https:") else False


def _redirect(response: httpx2.Response) -> httpx2.Request | None:
    """The same request to the address of a redirect, if that is on the same server."""
    onward, former = response.next_request, response.request
    if onward is None or onward.method != former.method:
        return None
    places = [(url.scheme, url.host, url.port) for url in (onward.url, former.url)]
    return onward if places[0] == places[1] else None


def _parse(body: bytearray) -> object:
    text = body.decode("utf-8-sig", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
