import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import trustme

from local.stand_ins.web import NoAnswer, Request, Response, Server, Silence


@dataclass
class Site:
    answer: Callable[[Request], Response]


def echo(request: Request) -> Response:
    return Response.of(200, [request.method, request.target, request.body.decode()], {"X-Mine": "1"})


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def dial(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_a_request_arrives_as_it_was_sent(session: requests.Session, method: str) -> None:
    with Server(Site(echo)) as server:
        answer = session.request(method, f"{server.url}/a%2Fb?c=%20", data="d", timeout=10)
    assert answer.json() == [method, "/a%2Fb?c=%20", "d"]
    assert answer.headers["X-Mine"] == "1"


def test_one_connection_carries_many_requests(session: requests.Session) -> None:
    def thread_of_connection(_request: Request) -> Response:
        return Response.of(200, threading.current_thread().name)

    with Server(Site(thread_of_connection)) as server:
        assert len({session.get(server.url, timeout=10).text for _ in range(5)}) == 1


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [("/a%20b", "/a%20b", {}), ("/a?x=%20%26&y=&x=2", "/a", {"x": "2", "y": ""}), ("/?", "/", {})],
)
def test_a_target_is_split_undecoded(target: str, path: str, query: dict[str, str]) -> None:
    request = Request("GET", target)
    assert (request.path, request.query) == (path, query)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_https_is_served_to_who_trusts_the_authority(
    session: requests.Session, authority: trustme.CA, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    with Server(Site(echo), tls) as server:
        assert server.url.startswith("https://127.0.0.1:")
        with pytest.raises(requests.exceptions.SSLError):
            session.get(server.url, timeout=10)
        assert session.get(server.url, timeout=10, verify=str(trusted)).json() == ["GET", "/", ""]


def test_a_client_without_a_handshake_holds_up_nobody(
    session: requests.Session, authority: trustme.CA, tls: ssl.SSLContext, tmp_path: Path
) -> None:
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    with Server(Site(echo), tls) as server, dial(server):
        assert session.get(server.url, timeout=10, verify=str(trusted)).status_code == 200


def test_a_silence_ends_with_the_server(session: requests.Session) -> None:
    asked = threading.Event()

    def silent(_request: Request) -> Response:
        asked.set()
        raise NoAnswer(Silence.TIMED_OUT)

    with ThreadPoolExecutor(1) as threads:
        with Server(Site(silent)) as server:
            waiting: Future[requests.Response] = threads.submit(session.get, server.url, timeout=60)
            assert asked.wait(10)
            assert not waiting.done()
        assert isinstance(waiting.exception(10), requests.ConnectionError)


def test_nothing_is_left_running_although_clients_hold_on(session: requests.Session) -> None:
    before = set(threading.enumerate())
    with Server(Site(echo)) as server, dial(server):
        session.get(server.url, timeout=10)
        assert set(threading.enumerate()) > before
    assert set(threading.enumerate()) == before


def test_a_client_that_hangs_up_early_is_no_failure() -> None:
    with Server(Site(echo)) as server, dial(server) as client:
        client.sendall(b"GET / HT")


def test_a_stand_in_that_fails_says_so(session: requests.Session) -> None:
    def broken(_request: Request) -> Response:
        return Response.of(200, json.loads("{"))

    inside = pytest.RaisesGroup(json.JSONDecodeError)
    with inside, Server(Site(broken)) as server, pytest.raises(requests.ConnectionError):
        session.get(server.url, timeout=10)
