"""Calls about requests that wait for the server: status and retries."""

import asyncio
from abc import abstractmethod
from contextlib import suppress
from time import monotonic, sleep
from uuid import UUID

from trackstore import entries
from trackstore.calls import Json
from trackstore.documents import REQUEST_STATUS, RESUME, RETRY_REQUEST, RETRY_STAGE
from trackstore.entries import Entry
from trackstore.errors import ServerRefusedError, TrackstoreError
from trackstore.ids import new_id
from trackstore.limit_calls import Call
from trackstore.request_status import (
    RequestStatus,
    Retry,
    log,
    request_status,
    retry_of,
    uuid_of,
)
from trackstore.results import Flushed

ANSWER_TIMEOUT_SECONDS = 5.0
"""Total time of a call, including retries and the flush before it."""
HAND_OVER_SECONDS = 5.0
"""How long the end of resumed work waits until the server has its reports."""
UNAVAILABLE_SECONDS = 0.5
"""The same if the last delivery attempt failed."""
RETRY_LOOKUP_SECONDS = 0.2
"""Delay before looking up an unknown request again."""
INVALID_TRANSITION = "INVALID_TRANSITION"
NOT_FOUND = "NOT_FOUND"


class RequestQueries:
    """Request calls without a server: nothing is known, and a retry is recorded only."""

    @abstractmethod
    def record(self, entry: Entry) -> None: ...

    def status(
        self, request_id: UUID | str, *, timeout: float = ANSWER_TIMEOUT_SECONDS
    ) -> RequestStatus | None:
        """Return a request with its stages and attempts; None if it does not exist.

        ``request_id`` may be its correlation id. What this process tracked is sent first, so the
        answer includes it. Waits up to ``timeout`` seconds. Raises ``ServerUnavailableError``, or
        ``ServerRefusedError`` without the scope READ.
        """
        del request_id, timeout
        return None

    def retry_stage(
        self,
        request_id: UUID | str,
        stage: str,
        *,
        force: bool = False,
        timeout: float = ANSWER_TIMEOUT_SECONDS,
    ) -> Retry:
        """Run a failed stage again, also in a failed request; the result is true if it runs.

        It is false, with a message, if no attempt is left, the failure is not retryable, or the
        request has completed or was cancelled. ``force`` (scope ADMIN) overrides the first two.
        Raises the errors of ``status``.
        """
        del timeout
        id = uuid_of(request_id)
        self.record(entries.RetryStage(request_id=id, stage=stage, force=force, event_id=new_id()))
        return Retry(accepted=True, stage=stage)

    def retry_request(
        self,
        request_id: UUID | str,
        *,
        force: bool = False,
        timeout: float = ANSWER_TIMEOUT_SECONDS,
    ) -> Retry:
        """Run a failed request again, from its error stage. Otherwise like ``retry_stage``."""
        del timeout
        id = uuid_of(request_id)
        self.record(entries.RetryRequest(request_id=id, force=force, event_id=new_id()))
        return Retry(accepted=True)

    def look_up(self, request_id: UUID) -> RequestStatus | None:
        del request_id
        return None

    def hand_over(self, request_id: UUID, *, wait: bool) -> None:
        pass

    async def astatus(
        self, request_id: UUID | str, *, timeout: float = ANSWER_TIMEOUT_SECONDS
    ) -> RequestStatus | None:
        """Run ``status`` without blocking the event loop."""
        return await asyncio.to_thread(self.status, request_id, timeout=timeout)

    async def aretry_stage(
        self,
        request_id: UUID | str,
        stage: str,
        *,
        force: bool = False,
        timeout: float = ANSWER_TIMEOUT_SECONDS,
    ) -> Retry:
        """Run ``retry_stage`` without blocking the event loop."""
        return await asyncio.to_thread(
            self.retry_stage, request_id, stage, force=force, timeout=timeout
        )

    async def aretry_request(
        self,
        request_id: UUID | str,
        *,
        force: bool = False,
        timeout: float = ANSWER_TIMEOUT_SECONDS,
    ) -> Retry:
        """Run ``retry_request`` without blocking the event loop."""
        return await asyncio.to_thread(self.retry_request, request_id, force=force, timeout=timeout)


class RemoteRequestQueries(RequestQueries):
    @abstractmethod
    def _call_server(self, call: Call, timeout: float) -> Json: ...

    @abstractmethod
    def flush(self, timeout: float = 5.0) -> Flushed: ...

    def status(
        self, request_id: UUID | str, *, timeout: float = ANSWER_TIMEOUT_SECONDS
    ) -> RequestStatus | None:
        named: Json = {"correlationId": str(request_id)}
        with suppress(ValueError):
            named = {"id": str(uuid_of(request_id))}
        answer = self._call_after_sending((REQUEST_STATUS, named), timeout)["request"]
        return None if answer is None else request_status(answer)

    def retry_stage(
        self,
        request_id: UUID | str,
        stage: str,
        *,
        force: bool = False,
        timeout: float = ANSWER_TIMEOUT_SECONDS,
    ) -> Retry:
        command: Json = {"requestId": str(uuid_of(request_id)), "stage": stage, "force": force}
        return self._retry(RETRY_STAGE, command, stage, timeout)

    def retry_request(
        self,
        request_id: UUID | str,
        *,
        force: bool = False,
        timeout: float = ANSWER_TIMEOUT_SECONDS,
    ) -> Retry:
        command: Json = {"requestId": str(uuid_of(request_id)), "force": force}
        return self._retry(RETRY_REQUEST, command, None, timeout)

    def look_up(self, request_id: UUID) -> RequestStatus | None:
        """Start a request if it is pending, and return it; None if the server is unavailable.

        Uses a mutation, so that a key with the scope INGEST alone can read it. The process that
        created the request may not have sent it yet, so an unknown one is looked up again.
        """
        deadline = monotonic() + ANSWER_TIMEOUT_SECONDS
        while True:
            left = max(0.05, deadline - monotonic())
            try:
                data = self._call_after_sending((RESUME, {"id": str(request_id)}), left)
            except TrackstoreError as error:
                is_awaited = isinstance(error, ServerRefusedError) and error.code == NOT_FOUND
                if is_awaited and monotonic() + RETRY_LOOKUP_SECONDS < deadline:
                    sleep(RETRY_LOOKUP_SECONDS)
                    continue
                log.warning("request %s is resumed without its state: %s", request_id, error)
                return None
            return request_status(data["startRequest"]["request"])

    def hand_over(self, request_id: UUID, *, wait: bool) -> None:
        """Send what was recorded; with ``wait``, return when the server has it, or in time."""
        flushed = self.flush(0)
        if not wait or flushed.is_done:
            return
        flushed = self.flush(HAND_OVER_SECONDS if flushed.problem is None else UNAVAILABLE_SECONDS)
        if not flushed.is_done:
            log.warning(
                "request %s: %d reports have not reached the server yet (%s). A process that "
                "resumes the request before that does not see them.",
                request_id, flushed.left, flushed.problem or "timed out",
            )  # fmt: skip

    def _retry(self, document: str, command: Json, stage: str | None, timeout: float) -> Retry:
        """Send a retry. It has an event id, so that a repeat opens no second attempt."""
        call = (document, {"input": command | {"eventId": str(new_id())}})
        try:
            (payload,) = self._call_after_sending(call, timeout).values()
        except ServerRefusedError as error:
            if error.code != INVALID_TRANSITION:
                raise
            return Retry(False, str(error), stage)
        return retry_of(request_status(payload["request"]), stage)

    def _call_after_sending(self, call: Call, timeout: float) -> Json:
        deadline = monotonic() + timeout
        self.flush(timeout / 2)
        return self._call_server(call, max(0.05, deadline - monotonic()))
