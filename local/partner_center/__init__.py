"""Stand in for Partner Center's device uploads, as strictly as its documentation allows."""

from local.partner_center.center import Call, PartnerCenter
from local.partner_center.checks import SignIn
from local.partner_center.device import Device
from local.partner_center.registry import ALREADY_REGISTERED, REGISTERED, UNREPORTED, Outcome
from local.partner_center.routes import Operation
from local.partner_center.script import Script

__all__ = [
    "ALREADY_REGISTERED",
    "REGISTERED",
    "UNREPORTED",
    "Call",
    "Device",
    "Operation",
    "Outcome",
    "PartnerCenter",
    "Script",
    "SignIn",
]
