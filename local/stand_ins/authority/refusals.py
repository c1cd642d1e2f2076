"""How Entra ID says no."""

from uuid import uuid4

from local.stand_ins.web import Fault, Response, instead

# Entra ID answers 401 where the app itself is not accepted, 400 otherwise.
_UNAUTHORIZED = "invalid_client"


class RefusedError(Exception):
    """Refuse a request with an error document."""

    def __init__(self, error: str, number: int, message: str) -> None:
        super().__init__(f"{error} AADSTS{number}: {message}")
        self.response = _document(error, number, message)


def refusal(error: str, number: int, message: str = "It was scripted so.") -> Fault:
    """Answer with an error document, whatever was asked."""
    return instead(_document(error, number, message))


def _document(error: str, number: int, message: str) -> Response:
    trace, correlation = str(uuid4()), str(uuid4())
    at = "2026-11-22 16:00:00Z"
    description = f"AADSTS{number}: {message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}"
    document = {
        "error": error,
        "error_description": description,
        "error_codes": [number],
        "timestamp": at,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }
    return Response.of(401 if error == _UNAUTHORIZED else 400, document)
