"""The clouds of Partner Center: where it answers, who signs in, and for whom a token is made out."""

import msgspec


class Cloud(msgspec.Struct, frozen=True):
    """One cloud's addresses, https, without a slash at the end."""

    url: str
    authority: str
    exchange_audience: str
    """Audience of the assertion by which a managed identity proves itself as an app registration.

    Source: "Configure an application to trust a managed identity" (Microsoft Entra), which knows Fairfax (US
    Government), Mooncake (China) and the public cloud. It has none for Germany, a cloud closed in 2021: the public one
    is assumed there.
    """

    @property
    def audience(self) -> str:
        """The token's audience, which equals the base URL (Partner Center, "Partner Center authentication")."""
        return self.url


_PUBLIC = "https://api.partnercenter.microsoft.com"

CLOUDS = {
    "global": Cloud(_PUBLIC, "https://login.microsoftonline.com", "api://AzureADTokenExchange"),
    "us_government": Cloud(_PUBLIC, "https://login.microsoftonline.us", "api://AzureADTokenExchangeUSGov"),
    "germany": Cloud(_PUBLIC, "https://login.microsoftonline.de", "api://AzureADTokenExchange"),
    "china": Cloud(
        "https://partner.partnercenterapi.microsoftonline.cn",
        "https://login.partner.microsoftonline.cn",
        "api://AzureADTokenExchangeChina",
    ),
}
