import logging
import ssl
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from local.stand_ins.web import Request, Response, Server
from shared.http_session import DirectSession

TIMEOUT = (10, 10)
NOBODY = "http://127.0.0.1:9"


def get(session: DirectSession, server: Server, *, stream: bool = False) -> requests.Response:
    return session.request("GET", f"{server.url}/", data=None, headers={}, timeout=TIMEOUT, stream=stream)


@dataclass
class Echo:
    """Answers with what came, with the name of the connection's thread, and with its own."""

    name: str = ""

    def answer(self, request: Request) -> Response:
        said = [request.method, request.target, request.body.decode(), threading.current_thread().name, self.name]
        return Response.of(200, said, {"Set-Cookie": "affinity=1", "X-Cookie": request.headers.get("Cookie", "none")})


def test_a_request_goes_out_as_it_was_prepared() -> None:
    with Server(Echo()) as server, DirectSession(trust_env=False) as session:
        url = f"{server.url}/a%2Fb%20c?d=%25"
        answer = session.request("PUT", url, data=b"body", headers={"X-Mine": "1"}, timeout=TIMEOUT)
    assert answer.json()[:3] == ["PUT", "/a%2Fb%20c?d=%25", "body"]
    assert answer.request.headers == {"X-Mine": "1", "Content-Length": "4"}


def test_a_request_without_a_body_has_no_length() -> None:
    with Server(Echo()) as server, DirectSession(trust_env=False) as session:
        answer = session.request("GET", f"{server.url}/", data=None, headers={}, timeout=TIMEOUT)
    assert answer.request.headers == {}


def test_no_cookie_is_kept() -> None:
    with Server(Echo()) as server, DirectSession(trust_env=False) as session:
        answers = [session.request("GET", f"{server.url}/", data=None, headers={}, timeout=TIMEOUT) for _ in range(2)]
    assert [answer.headers["X-Cookie"] for answer in answers] == ["none", "none"]


@pytest.mark.parametrize("stream", [True, False])
def test_one_connection_carries_many_requests(*, stream: bool) -> None:
    threads = set()
    with Server(Echo()) as server, DirectSession(trust_env=False) as session:
        for _ in range(3):
            with session.request(
                "GET", f"{server.url}/", data=None, headers={}, timeout=TIMEOUT, stream=stream
            ) as answer:
                threads.add(answer.json()[3])
    assert len(threads) == 1


def test_as_many_connections_are_kept_as_there_are_threads(caplog: pytest.LogCaptureFixture) -> None:
    together = threading.Barrier(32, timeout=20)

    class Crowd:
        def answer(self, _: Request) -> Response:
            together.wait()
            return Response.of(200, {})

    with Server(Crowd()) as server, DirectSession(trust_env=False) as session, caplog.at_level(logging.WARNING):
        words: dict[str, Any] = {"data": None, "headers": {}, "timeout": TIMEOUT}
        threads = [threading.Thread(target=session.request, args=("GET", server.url), kwargs=words) for _ in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert "discarding connection" not in caplog.text


def test_a_broken_connection_is_an_error_of_requests() -> None:
    with DirectSession(trust_env=False) as session, pytest.raises(requests.ConnectionError):
        session.request("GET", f"{NOBODY}/", data=None, headers={}, timeout=TIMEOUT)


@pytest.mark.parametrize("token", ["secret\n", "secret\r\nX-Other: y", "secret\u2603"])
def test_a_header_that_cannot_be_sent_is_not_repeated(token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    with Server(Echo()) as server, DirectSession(trust_env=False) as session:
        with pytest.raises(requests.RequestException) as said:
            session.request("GET", f"{server.url}/", data=None, headers=headers, timeout=TIMEOUT)
        assert session.request("GET", f"{server.url}/", data=None, headers={}, timeout=TIMEOUT).ok
    assert "secret" not in "".join(traceback.format_exception(said.value))


def proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", NOBODY)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_the_environments_proxy_is_taken_where_the_environment_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    proxied(monkeypatch)
    with DirectSession(trust_env=True) as session, pytest.raises(requests.exceptions.ProxyError):
        session.request("GET", "http://127.0.0.1:8/", data=None, headers={}, timeout=TIMEOUT)


def test_the_environments_proxy_is_passed_by_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    proxied(monkeypatch)
    with Server(Echo()) as server, DirectSession(trust_env=False) as session:
        assert session.request("GET", f"{server.url}/", data=None, headers={}, timeout=TIMEOUT).ok


def test_the_environment_is_looked_at_once_for_each_host() -> None:
    looks = []

    class Watched(DirectSession):
        def merge_environment_settings(self, url: str, **settings: object) -> dict[str, object]:  # type: ignore[override] # only counts
            looks.append(url)
            return dict(super().merge_environment_settings(url, **settings))  # type: ignore[arg-type] # they are passed on

    with Server(Echo("one")) as one, Server(Echo("two")) as two, Watched(trust_env=True) as session:
        said = [get(session, server).json()[4] for server in (one, two, one, two)]
    assert looks == [f"{one.url}/", f"{two.url}/"]
    assert said == ["one", "two", "one", "two"]


def test_a_host_without_a_path_differs_from_one_that_begins_like_it() -> None:
    with DirectSession(trust_env=False) as session:
        for name in ("http://127.0.0.1:8", "http://127.0.0.1:9"):
            with pytest.raises(requests.ConnectionError, match=f"port={name.rpartition(':')[2]}\\)"):
                session.request("GET", name, data=None, headers={}, timeout=TIMEOUT)


# --- certificates ----------------------------------------------------------------------------------------------------


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with Server(Echo(), context) as server:
        yield server


def trusting(monkeypatch: pytest.MonkeyPatch, authority: trustme.CA, folder: Path) -> None:
    bundle = folder / "authorities.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))


def test_the_environments_authorities_are_trusted(
    secure: Server, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trusting(monkeypatch, authority, tmp_path)
    with DirectSession(trust_env=True) as session:
        assert [get(session, secure).status_code for _ in range(2)] == [200, 200]


@pytest.mark.parametrize("trust_env", [True, False])
def test_a_server_that_nobody_vouches_for_is_refused_each_time(
    secure: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, trust_env: bool
) -> None:
    trusting(monkeypatch, trustme.CA(), tmp_path)
    with DirectSession(trust_env=trust_env) as session:
        for _ in range(2):
            with pytest.raises(requests.exceptions.SSLError):
                get(session, secure)


def test_a_missing_file_of_authorities_is_named(
    secure: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with DirectSession(trust_env=True) as session, pytest.raises(OSError, match=r"none\.pem"):
        get(session, secure)


def test_a_closed_session_leaves_no_connection_open() -> None:
    with Server(Echo()) as server:
        with DirectSession(trust_env=False) as session:
            answer: Any = get(session, server, stream=True)
            socket = answer.raw.connection.sock
            assert answer.content
            del answer
            assert socket.fileno() > 0
        assert socket.fileno() == -1
