"""The page about signing in says what the code does."""

import re
from pathlib import Path

from shared.config import settings, timeouts
from shared.config.clouds import CLOUDS

ROOT = Path(__file__).parent.parent.parent
OPEN = CLOUDS.keys() - {"germany"}
PAGE = (ROOT / "docs" / "signing-in.md").read_text(encoding="utf-8")


def test_every_fault_of_a_sign_in_is_documented() -> None:
    faults = (ROOT / "shared" / "sign_in" / "faults.py").read_text(encoding="utf-8")
    codes = set(re.findall(r'code="(\w+)"', faults)) | set(re.findall(r'else "(entra_\w+)"', faults))
    assert len(codes) > 7
    assert codes <= set(re.findall(r"`(\w+)`", PAGE))


def test_every_way_is_documented() -> None:
    assert all(f"| `{way}` |" in PAGE for way in settings.SIGN_INS)


def test_the_clouds_are_those_of_the_code() -> None:
    for name in OPEN:
        cloud = CLOUDS[name]
        assert f"| `{name}` | `{cloud.audience}` | `{cloud.authority}` | `{cloud.exchange_audience}` |" in PAGE


def test_of_every_cloud_it_says_what_is_documented_and_what_is_unproven() -> None:
    table = PAGE.partition("| cloud | documented | unproven |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == OPEN


def test_the_longest_wait_is_told() -> None:
    assert f"no longer than {timeouts.LONGEST_SIGN_IN} seconds" in PAGE
