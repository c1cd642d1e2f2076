"""Stand in for Entra ID's token endpoint: app registrations, their proofs, users who sign in by code."""

from local.authority.refusals import refusal
from local.authority.registration import Registration, Trust
from local.authority.site import Authority

__all__ = ["Authority", "Registration", "Trust", "refusal"]
