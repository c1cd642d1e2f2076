"""The script that registers the app beside its PowerShell twin, which is not run, and beside the documents."""

import json
import re

from shared.config.clouds import CLOUDS
from tests.infra.register_stage import CHANGES, SCRIPT, SET_UP, TWIN
from tests.infra.templates import INFRA, ROOT, parsed


def test_the_settings_are_outputs_of_main_or_parameters_or_of_azd() -> None:
    read = set(re.findall(r"\(setting ([A-Z_]+)\)", SCRIPT.read_text()))
    parameters = json.loads((INFRA / "main.parameters.json").read_text())["parameters"].values()
    known = {*parsed(INFRA / "main.bicep")["outputs"], *(one["value"].strip("${}") for one in parameters)}
    assert read - known == {"AZURE_SUBSCRIPTION_ID"}


def test_the_page_does_by_hand_what_the_script_does() -> None:
    page = (ROOT / "docs" / "signing-in.md").read_text()
    by_hand = page.partition("### The same by hand")[2].partition("\n## ")[0]
    blocks = "".join(re.findall(r"```sh\n(.*?)```", by_hand, re.DOTALL))
    assert sorted(re.findall(r"az (ad [a-z -]+?) --", blocks)) == sorted([*CHANGES, "ad sp create"])
    assert set(re.findall(r"azd env set (\w+)", blocks)) == SET_UP.keys()
    steps = [page.index(step) for step in ("\n   azd up\n", "\n   infra/scripts/register-app.sh\n", "azd provision\n")]
    assert steps == sorted(steps)


def test_the_twin_calls_the_same() -> None:
    ours = re.sub(r" \\\n *", " ", SCRIPT.read_text())
    twin = re.sub(r" `\n *", " ", TWIN.read_text())
    calls, twins = (
        sorted(
            (call.group(1), *sorted(set(re.findall(r"--[a-z-]+", call.group(2)))))
            for call in re.finditer(rf"(?m)(?:{verbs}) ((?:account|ad) [a-z -]+?)( --.*)$", text)
        )
        for verbs, text in (("read_az|change", ours), ("Read-Az|Invoke-Change", twin))
    )
    assert twins == calls
    assert len(calls) > 12


def test_the_twin_says_the_same() -> None:
    kinds = (
        "create the app registration|create its service principal|trust the managed identity|in place of|"
        "add Microsoft Partner Center to the tenant|delegated permission user_impersonation|"
        "consent to this permission for the whole tenant|Several apps are called|run azd up first|"
        "in another tenant than azd|failed; nothing was changed|role Application Administrator|Go on[?]|"
        "Nothing was changed|Everything is there already|Now deploy the settings:|And last, the one step without a"
    )
    ours, twin = (set(re.findall(kinds, script.read_text())) for script in (SCRIPT, TWIN))
    assert twin == ours
    assert len(ours) == kinds.count("|") + 1


def test_the_twin_knows_the_same_ids_and_clouds_and_waits_for_the_same() -> None:
    ours, twin = SCRIPT.read_text(), TWIN.read_text()
    for name in CLOUDS.keys() - {"germany"}:
        cloud = CLOUDS[name]
        assert re.search(rf"{name} += '{cloud.authority}', '{cloud.exchange_audience}'", twin)
    for pattern in (r"[0-9a-f]{8}-[0-9a-f-]{27}", r'(?i)NOT_?YET ?= ?"(.*)"', r"function-app-identity"):
        assert re.findall(pattern, twin) == re.findall(pattern, ours) != []


def test_the_twin_refuses_a_powershell_that_is_too_old() -> None:
    assert re.search(r"(?m)^#Requires -Version 7\.2$", TWIN.read_text())
    assert "PowerShell 7.2" in (ROOT / "docs" / "deploying.md").read_text()


def test_the_twin_says_what_ends_it_without_an_excerpt_of_itself() -> None:
    functions, _, body = TWIN.read_text().partition("\ntry {\n")
    [caught] = re.findall(r"(?ms)^\} catch \{\n(.*?)^\} finally", body)
    lines = [line.strip() for line in caught.splitlines() if not line.strip().startswith("#")]
    assert lines == ["[Console]::Error.WriteLine($_.Exception.Message)", "exit 1"]
    outside = re.sub(r"(?ms)^function .*?^\}", "", functions)
    assert not re.search(r"\bthrow\b", outside), "what is thrown before the try is caught by nobody"
    assert "Write-Error" not in TWIN.read_text()
