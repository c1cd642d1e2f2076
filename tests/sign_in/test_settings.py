import pytest

from shared.config.settings import SettingsError, read_settings
from tests.sign_in.premises import Premises


@pytest.mark.parametrize(
    "url",
    [
        "https://my-vault.vault.azure.net/secrets/my-secret",
        "https://my-vault.vault.azure.net/secrets/my-secret/",
        "https://my-vault.vault.azure.cn/secrets/my-secret/0123456789abcdef0123456789abcdef",
    ],
)
@pytest.mark.parametrize("name", ["PARTNER_CENTER_REFRESH_TOKEN_SECRET", "PARTNER_CENTER_CERTIFICATE_SECRET"])
def test_a_secrets_url_is_taken_with_and_without_a_version(premises: Premises, name: str, url: str) -> None:
    settings = premises.settings("app_user", **{name: url})
    assert url in (settings.refresh_token_secret, settings.certificate_secret)


@pytest.mark.parametrize(
    "value",
    [
        "1.AXYAaRefreshTokenPastedHere",
        "else",
        "http://else.vault.azure.net/secrets/else",
        "https://else.vault.azure.net/keys/else",
        "https://else.vault.azure.net/secrets/",
        "https://user@else.vault.azure.net/secrets/my-secret",
        "@Microsoft.KeyVault(SecretUri=https://else.vault.azure.net/secrets/my-secret)",
    ],
)
@pytest.mark.parametrize("name", ["PARTNER_CENTER_REFRESH_TOKEN_SECRET", "PARTNER_CENTER_CERTIFICATE_SECRET"])
def test_what_is_no_secrets_url_is_named_but_not_repeated(premises: Premises, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is no secret's URL") as error:
        premises.settings("app_user", **{name: value})
    assert value not in str(error.value)


def test_a_certificate_is_asked_of_nobody(premises: Premises) -> None:
    assert read_settings(premises.environment).certificate_secret is None
