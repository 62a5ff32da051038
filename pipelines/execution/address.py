"""The address of a scheduler and the certificates, checked before anything is reached for."""

from typing import Any

from competition.errors import InfrastructureError
from competition.verbs import step


def connection_to(address: str, role: str) -> dict[str, Any]:
    """Return what Dask needs to connect: encryption and certificates, as its configuration says.

    Args:
        address: The scheduler's, such as `tcp://10.0.0.1:8786`, or `tls://10.0.0.1:8786`.
        role: `worker` or `client`: whose certificate to show.

    Raises:
        InfrastructureError: the address is malformed, or does not go with the configuration of TLS.
    """
    from distributed.comm.addressing import parse_address, parse_host_port
    from distributed.comm.registry import get_backend

    try:
        scheme, place = parse_address(address)
        get_backend(scheme)
        host, port = parse_host_port(place)
    except ValueError:
        host, port = "", 0
    if not host or not 0 < port < 1 << 16:
        raise InfrastructureError(
            f"{address} is not the address of a scheduler; it looks like tcp://host:8786."
        )
    how = certificates(role, needed=scheme == "tls")
    if scheme != "tls" and how["require_encryption"]:
        raise InfrastructureError(
            f"{address} is not encrypted, which DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION asks "
            f"for; use the tls:// address that `{step('cluster')}` printed."
        )
    return how


def certificates(role: str, *, needed: bool = False) -> dict[str, Any]:
    """Return how Dask's configuration lets a role speak: in the open, or with which certificate.

    Args:
        role: `scheduler`, `worker` or `client`.
        needed: There must be a certificate, even if the configuration requires no encryption.

    Raises:
        InfrastructureError: the certificates are not to be had.
    """
    from distributed.security import Security

    try:
        how: dict[str, Any] = Security().get_connection_args(role)
    except OSError as error:  # of the files or, as that is one too, of what they hold
        raise InfrastructureError(
            f"The certificates of the {role} cannot be read ({error}); check the variables "
            "DASK_DISTRIBUTED__COMM__TLS__*."
        ) from error
    if how["ssl_context"] is None and (needed or how["require_encryption"]):
        name = f"DASK_DISTRIBUTED__COMM__TLS__{role.upper()}__"
        raise InfrastructureError(
            f"TLS needs certificates: set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, {name}CERT and "
            f"{name}KEY to their files."
        )
    return how
