"""Why a link is down, in words for people (English here, German in resources/translations/de/telemetry.toml)."""

import socket
import ssl

from console.services.telemetry.credentials import CredentialError

NO_ANSWER = "the broker does not answer"
SILENT = "the broker is silent"
CLOSED = "the broker closed the connection"
TAKEN = "the broker ends every new connection; does another console run with the same station code?"
UNKNOWN_HOST = "the broker's host name is unknown"
BAD_CREDENTIALS = "user name or password refused"
CLIENT_ID = "client id refused"
PROTOCOL = "protocol version refused"
REFUSED = "the broker refuses the connection"
NO_SUBSCRIPTION = "the broker refuses our subscription"
UNTRUSTED = "the broker's certificate is not trusted"
NO_TLS = "no secure connection possible"
BAD_CERTIFICATE_FILE = "a certificate or key file cannot be read"
DEFECT = "an error of Leitstand, see the log"
BEHIND = "this console does not keep up; everything is asked for anew"
RENEWED = "renewing our STATE"

_BY_REASON = {
    "Unsupported protocol version": PROTOCOL,
    "Client identifier not valid": CLIENT_ID,
    "Bad user name or password": BAD_CREDENTIALS,
    "Not authorized": BAD_CREDENTIALS,
}

_BY_ERROR: tuple[tuple[type[OSError], str, str], ...] = (  # the first that fits
    (ssl.SSLCertVerificationError, UNTRUSTED, "refused"),
    (ssl.SSLEOFError, CLOSED, "lost"),
    (ssl.SSLZeroReturnError, CLOSED, "lost"),
    (ssl.SSLError, NO_TLS, "refused"),
    (socket.gaierror, UNKNOWN_HOST, "lost"),
)


class LinkLost(ConnectionError):
    """The link is gone; `state` is "lost" or "refused", the text says why."""

    def __init__(self, detail: str, state: str = "lost") -> None:
        super().__init__(detail)
        self.detail = detail
        self.state = state


def refused_by(reason: object) -> LinkLost:
    """The broker's CONNACK said no."""
    text = str(reason)
    if text == "Server unavailable":
        return LinkLost(NO_ANSWER)
    return LinkLost(_BY_REASON.get(text, REFUSED), "refused")


def lost_by(error: OSError) -> LinkLost:
    """What an error of the network, of TLS or of a credential file means."""
    if isinstance(error, LinkLost):
        return error
    if isinstance(error, CredentialError):
        return LinkLost(str(error), "refused")
    for kind, detail, state in _BY_ERROR:
        if isinstance(error, kind):
            return LinkLost(detail, state)
    return LinkLost(NO_ANSWER)
