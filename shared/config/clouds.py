"""The clouds of Partner Center: base URL, Entra ID's authority and audiences of each."""

import msgspec


class Cloud(msgspec.Struct, frozen=True):
    """The addresses of one cloud: https, without a slash at the end."""

    url: str
    authority: str
    exchange_audience: str
    """Audience of the managed identity's token by which an app registration proves itself.

    Source: "Configure an application to trust a managed identity" (Microsoft Entra), which lists Fairfax (US
    Government), Mooncake (China) and the public cloud. Germany, a cloud closed in 2021, is missing there: the public
    cloud's audience is assumed.
    """

    @property
    def audience(self) -> str:
        """Return the token's audience, which equals the base URL ("Partner Center authentication")."""
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
