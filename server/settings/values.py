"""How the values of settings may be spelled: case, yes and no, lists with commas."""

from ipaddress import ip_network
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator

from server.access.key_requirement import Access

SWITCH_WORDS = {"true": "yes", "1": "yes", "on": "yes", "false": "no", "0": "no", "off": "no"}


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


def _switch(value: Any) -> Any:
    lowered = _lower(str(value) if isinstance(value, bool) else value)
    return SWITCH_WORDS.get(lowered, lowered)


def _listed(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip().lower() for part in value.split(",") if part.strip())
    return value


def _host_names(value: tuple[str, ...]) -> tuple[str, ...]:
    for name in value:
        if "/" in name or (":" in name and not name.startswith("[")):
            raise ValueError(
                f"{name} is not a host name. Write names without scheme and port, "
                "such as api.example.com,*.example.org"
            )
    return value


def _origins(value: tuple[str, ...]) -> tuple[str, ...]:
    for origin in value:
        parts = urlsplit(origin)
        if origin != "*" and (not parts.scheme or origin != f"{parts.scheme}://{parts.netloc}"):
            raise ValueError(
                f"{origin} is not an origin. Write scheme, host and port without a path, such as "
                "https://app.example.com,http://localhost:5173"
            )
    return value


def _addresses(value: tuple[str, ...]) -> tuple[str, ...]:
    for address in value:
        try:
            if address != "*":
                ip_network(address, strict=False)
        except ValueError:
            raise ValueError(
                f"{address} is not an address. Write addresses or networks, such as "
                "127.0.0.1,10.0.0.0/8"
            ) from None
    return value


AccessWord = Annotated[Access, BeforeValidator(_lower)]
HostNames = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_host_names)]
Origins = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_origins)]
Addresses = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_addresses)]
LogFormat = Annotated[Literal["auto", "console", "json"], BeforeValidator(_lower)]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)]
Switch = Annotated[Literal["auto", "yes", "no"], BeforeValidator(_switch)]
