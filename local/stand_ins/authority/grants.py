"""What was issued: refresh tokens, and codes that a person enters in a browser."""

from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex, token_urlsafe
from threading import Lock


@dataclass(frozen=True, slots=True)
class Session:
    """Hold what a refresh token stands for; `is_public` when the app had not proved itself at the sign-in."""

    app_id: str
    resource: str
    is_public: bool


@dataclass
class DeviceCode:
    """Hold one sign-in by code; `polls` is how often the answer is still "not yet" after the approval."""

    app_id: str
    resource: str
    user_code: str
    polls: int
    expires: datetime
    approved: bool = False


@dataclass(eq=False)
class Ledger:
    """Keep sessions and codes, from many threads at once."""

    sessions: dict[str, Session] = field(default_factory=dict)
    codes: dict[str, DeviceCode] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def open(self, session: Session) -> str:
        """Issue a refresh token."""
        token = f"1.{token_urlsafe(600)}"
        with self._lock:
            self.sessions[token] = session
            self.given.append(token)
        return token

    def close(self, refresh_token: str) -> None:
        """Make a refresh token invalid."""
        with self._lock:
            self.sessions.pop(refresh_token, None)

    def offer(self, app_id: str, resource: str, polls: int, expires: datetime) -> tuple[str, DeviceCode]:
        """Issue a device code, and the short one for the person."""
        device_code = token_urlsafe(120)
        code = DeviceCode(app_id, resource, token_hex(4).upper(), polls, expires)
        with self._lock:
            self.codes[device_code] = code
            self.given.append(device_code)
        return device_code, code

    def approve(self, user_code: str) -> None:
        """Sign a person in who has entered a code."""
        with self._lock:
            next(code for code in self.codes.values() if code.user_code == user_code).approved = True
