"""Whether a service answers: what `palmetto health` and the images' health checks ask.

As a module (`python -m palmetto.health ADDRESS`) it loads nothing but what the question needs: a tenth of a second
of CPU time, where the whole command line takes a second.
"""

import argparse
import http.client
import sys
import time
from typing import NoReturn
from urllib.parse import urlsplit

_PAUSE_S = 0.5
_SAID_CHARS = 200
_COULD_NOT_RUN = 2


class HealthAddressError(ValueError):
    """The text is no address of a service; one sentence with the remedy."""


def problem(address: str, timeout_s: float = 3.0) -> str:
    """Why the service at an address is not serving, as one sentence; empty when it is.

    Args:
        address: `http://HOST:PORT`, with a path where it is not `/healthz`; else what gRPC takes: `HOST:PORT`,
            `dns:///NAME:PORT`, `unix:/path`. That one is asked by the standard protocol grpc.health.v1.
        timeout_s: how long an answer is waited for.

    Raises:
        HealthAddressError: it is no address.
    """
    if address.startswith(("http://", "https://")):
        return _http_problem(address, timeout_s)
    if "://" in address and not address.startswith("dns://"):
        raise HealthAddressError(_no_address(address))
    if not address.startswith("unix:") and not address.rpartition(":")[2].isdigit():
        raise HealthAddressError(_no_address(address))
    return _grpc_problem(address, timeout_s)


def wait(address: str, for_s: float, timeout_s: float = 3.0) -> str:
    """As `problem`, asked again until the service serves or `for_s` seconds have passed."""
    end = time.monotonic() + for_s
    while why := problem(address, timeout_s):
        if time.monotonic() + _PAUSE_S > end:
            return why
        time.sleep(_PAUSE_S)
    return ""


def _no_address(address: str) -> str:
    return f"{address!r} is no address of a service: give http://HOST:PORT, or HOST:PORT where it speaks gRPC."


def _http_problem(address: str, timeout_s: float) -> str:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise HealthAddressError(_no_address(address)) from None
    if not host:
        raise HealthAddressError(_no_address(address))
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port, timeout=timeout_s)
    try:
        connection.request("GET", parts.path if parts.path not in ("", "/") else "/healthz")
        answer = connection.getresponse()
        said = " ".join(answer.read(_SAID_CHARS).decode(errors="replace").split())
    except (OSError, http.client.HTTPException) as error:
        return f"{address} does not answer ({error or type(error).__name__})."
    finally:
        connection.close()
    return "" if answer.status == http.client.OK else f"{address} answers with status {answer.status}: {said}"


def _grpc_problem(address: str, timeout_s: float) -> str:
    import grpc  # noqa: PLC0415 - not for HTTP
    from grpc_health.v1 import health_pb2  # noqa: PLC0415

    # Otherwise a proxy of the environment would be asked for what is on this machine.
    with grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            answer = check(health_pb2.HealthCheckRequest(), timeout=timeout_s)
        except grpc.RpcError as error:
            return f"{address} does not answer ({error.code().name})."
    if answer.status == health_pb2.HealthCheckResponse.SERVING:
        return ""
    return f"{address} answers {health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)}."


def main() -> NoReturn:
    """Asks once. Status 0: it serves; 1: it does not; 2: that is no address."""
    parser = argparse.ArgumentParser(prog="python -m palmetto.health")
    parser.add_argument("address")
    parser.add_argument("--timeout", type=float, default=3.0, help="seconds that an answer is waited for")
    given = parser.parse_args()
    try:
        why = problem(given.address, given.timeout)
    except HealthAddressError as error:
        print(f"palmetto: {error}", file=sys.stderr)
        sys.exit(_COULD_NOT_RUN)
    if why:
        print(f"palmetto: {why}", file=sys.stderr)
    sys.exit(1 if why else 0)


if __name__ == "__main__":
    main()
