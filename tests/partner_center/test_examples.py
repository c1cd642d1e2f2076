import doctest
from types import ModuleType

import pytest

from shared.partner_center import access_errors, batch_list, device_errors, matching, redaction, responses


@pytest.mark.parametrize("module", [access_errors, batch_list, device_errors, matching, redaction, responses])
def test_the_examples_in_the_docstrings_are_right(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert (found.failed, found.attempted > 0) == (0, True)
