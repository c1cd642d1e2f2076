"""Stand in for Entra ID's token endpoint: app registrations, their proofs, users who sign in by code."""

from local.stand_ins.authority.refusals import refusal
from local.stand_ins.authority.registration import Registration, Trust
from local.stand_ins.authority.site import Authority

__all__ = ["Authority", "Registration", "Trust", "refusal"]
