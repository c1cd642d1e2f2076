"""Stand in for Partner Center's device uploads, as strictly as its documentation allows."""

from local.stand_ins.partner_center.center import Call, PartnerCenter
from local.stand_ins.partner_center.checks import SignIn
from local.stand_ins.partner_center.device import Device
from local.stand_ins.partner_center.registry import ALREADY_REGISTERED, REGISTERED, UNREPORTED, Outcome
from local.stand_ins.partner_center.routes import Operation
from local.stand_ins.partner_center.script import Script

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
