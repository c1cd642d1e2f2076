"""What is said around a sign-in, searched for everything secret."""

import logging
import traceback
from collections.abc import Iterable

from tests.sign_in.premises import Premises


def check_words(premises: Premises, records: Iterable[logging.LogRecord]) -> None:
    """No log line, field of one, or fault of a sign-in tells anything secret."""
    lines = logging.Formatter()
    said = [f"{lines.format(record)} {record.__dict__}" for record in records if can_be_shown(record)]
    said += ["".join(traceback.format_exception(error)) + repr(vars(error)) for error in premises.faults]
    words = "\n".join(said)
    assert not [secret for secret in premises.secrets() if secret in words]


def can_be_shown(record: logging.LogRecord) -> bool:
    """Tell whether a record can ever be read; only what msal says of its cache at DEBUG cannot."""
    of_cache = record.name == "msal.token_cache"  # holds spent device codes; only consent has any, and it is silent
    return not of_cache or record.levelno >= logging.INFO  # the worker's root logger lets nothing below that through
