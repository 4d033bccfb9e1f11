"""A person's browser, as light as it can be: one connection that is kept, and its cookies."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from urllib.parse import urlencode

HOST = "127.0.0.1"
Fields = dict[str, str | list[str]]


@dataclass(frozen=True)
class Answer:
    status: int
    body: str


@dataclass
class Browser:
    """Signed in by a session that stands in the database, as after the sign-in page."""

    port: int
    cookies: dict[str, str]
    wires: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def get(self, path: str) -> Answer:
        return await self._ask(f"GET {path} HTTP/1.1\r\n{self._head()}\r\n")

    async def post(self, path: str, fields: Fields) -> Answer:
        """What the page's own script sends."""
        body = urlencode(fields, doseq=True)
        return await self._ask(
            f"POST {path} HTTP/1.1\r\n{self._head()}"
            f"X-CSRFToken: {self.cookies['csrftoken']}\r\nX-Requested-With: fetch\r\n"
            "Content-Type: application/x-www-form-urlencoded;charset=UTF-8\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def _head(self) -> str:
        address = f"{HOST}:{self.port}"
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return f"Host: {address}\r\nOrigin: http://{address}\r\nCookie: {cookies}\r\n"

    async def visit(self, path: str) -> None:
        """Open a page for its cookies."""
        answer = await self.get(path)
        assert answer.status == 200, answer
        self.close()

    async def _ask(self, request: str) -> Answer:
        if not self.wires:
            self.wires.append(await asyncio.open_connection(HOST, self.port, limit=2**20))
        reader, writer = self.wires[0]
        try:
            writer.write(request.encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            length = re.search(r"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
            body = await reader.readexactly(int(length[1]) if length else 0)
        except BaseException:
            self.close()
            raise
        for name, value in re.findall(r"\r\nset-cookie: *([^=]+)=([^;]*)", head, re.IGNORECASE):
            self.cookies[name] = value
        return Answer(int(head.split(" ", 2)[1]), body.decode())

    def close(self) -> None:
        while self.wires:
            self.wires.pop()[1].close()
