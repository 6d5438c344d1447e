"""Sign in at the pages: an API key is exchanged for a cookie."""

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from server.access.authentication import Authenticator
from server.access.cookies import (
    delete_cookie,
    is_from_own_page,
    is_secure,
    sent_cookie,
    set_cookie,
)
from server.graphql.errors import format_store_error
from server.http.bodies import HttpError, check_content_type, decode_json, read_body
from server.http.headers import headers_of
from server.routes.graphql import status_of
from store.auth.sign_ins import SignIns
from store.errors import StoreError, TooManyRequestsError

MAX_BODY_BYTES = 4_096
NO_STORE = {"Cache-Control": "no-store"}
EXPECTED_BODY = 'Send {"key": "tsk_..."} with an API key of this server.'


class SignInEndpoint:
    """Serve ``/sign-in``: POST signs in, GET returns the state, DELETE signs out."""

    def __init__(
        self, authenticator: Authenticator, sign_ins: SignIns, lifetime: timedelta
    ) -> None:
        self._authenticator = authenticator
        self._sign_ins = sign_ins
        self._lifetime = lifetime

    async def __call__(self, request: Request) -> Response:
        try:
            if not is_from_own_page(headers_of(request.scope)):
                raise HttpError(403, "Only pages of this server may sign in.", code="FORBIDDEN")
            match request.method:
                case "POST":
                    return await self._sign_in(request)
                case "DELETE":
                    return await self._sign_out(request)
                case _:
                    return await self._state(request)
        except HttpError as refusal:
            return JSONResponse(refusal.body, refusal.status, NO_STORE)
        except StoreError as error:
            headers = dict(NO_STORE)
            if isinstance(error, TooManyRequestsError):
                headers["Retry-After"] = str(error.retry_seconds)
            body = {"errors": [format_store_error(error)]}
            return JSONResponse(body, status_of(error), headers)

    async def _sign_in(self, request: Request) -> Response:
        headers = headers_of(request.scope)
        check_content_type(headers.get("content-type", ""))
        content = await read_body(
            request.receive, headers.get("content-length", ""), MAX_BODY_BYTES
        )
        body = decode_json(content)
        key = body.get("key") if isinstance(body, dict) else None
        if not isinstance(key, str) or not key.strip():
            raise HttpError(400, EXPECTED_BODY)
        principal = await self._authenticator.authenticate_key(
            key.strip(), request.scope.get("client")
        )
        token = await self._sign_ins.create(principal)
        former_token = sent_cookie(headers)
        if former_token:
            await self._sign_ins.end(former_token)
        response = self._state_response(signed_in=True)
        secure = is_secure(request.url.scheme, headers)
        response.headers["Set-Cookie"] = set_cookie(token, self._lifetime, secure=secure)
        return response

    async def _sign_out(self, request: Request) -> Response:
        headers = headers_of(request.scope)
        token = sent_cookie(headers)
        if token:
            await self._sign_ins.end(token)
        cookie = delete_cookie(secure=is_secure(request.url.scheme, headers))
        return Response(status_code=204, headers={**NO_STORE, "Set-Cookie": cookie})

    async def _state(self, request: Request) -> Response:
        caller = await self._authenticator.signed_in(
            headers_of(request.scope), request.scope.get("client")
        )
        return self._state_response(signed_in=caller is not None)

    def _state_response(self, *, signed_in: bool) -> Response:
        access = self._authenticator.access.value
        return JSONResponse({"access": access, "signedIn": signed_in}, headers=NO_STORE)
