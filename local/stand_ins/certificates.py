"""A certificate authority that exists on this machine only, for the stand-ins that have to speak TLS."""

import ssl
from pathlib import Path

import trustme

from local.azurite import Certificate


class PrivateAuthority:
    """Issue certificates, in a folder of the caller's; a client that reads `bundle` trusts them."""

    def __init__(self, folder: Path) -> None:
        self._authority = trustme.CA()
        self._folder = folder
        self.bundle = folder / "private-authority.pem"
        self._authority.cert_pem.write_to_path(str(self.bundle))

    @property
    def environment(self) -> dict[str, str]:
        """Return the variable by which `requests`, and all that is built on it, trusts the authority."""
        return {"REQUESTS_CA_BUNDLE": str(self.bundle)}

    def server(self, *names: str) -> ssl.SSLContext:
        """Return the context of a server that answers on loopback, or to `names`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.num_tickets = 0  # nobody resumes a session, and an answer behind a ticket waits for its acknowledgement
        self._authority.issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
        return context

    def files(self) -> Certificate:
        """Write a certificate for loopback and its key, for a server that reads files."""
        issued = self._authority.issue_cert("127.0.0.1")
        certificate, key = self._folder / "server.pem", self._folder / "server-key.pem"
        issued.cert_chain_pems[0].write_to_path(str(certificate))
        issued.private_key_pem.write_to_path(str(key))
        return Certificate(certificate, key)

    def for_app(self, name: str = "app.example") -> str:
        """Return an RSA key and its certificate as one PEM text, as Key Vault keeps what an app signs with."""
        issued = self._authority.issue_cert(name, key_type=trustme.KeyType.RSA)
        return issued.private_key_and_cert_chain_pem.bytes().decode()
