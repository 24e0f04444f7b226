"""The asynchronous client."""

import asyncio
import json
from collections.abc import Iterable
from types import TracebackType
from typing import Any

import grpc

from palmetto_protos.retriever.v1 import retriever_pb2 as pb
from palmetto_protos.retriever.v1 import retriever_pb2_grpc as pb_grpc
from retriever import convert
from retriever.client.errors import RetrieverError, from_rpc
from retriever.types import Answer, IndexInfo, Question

_SERVICE = "palmetto.retriever.v1.RetrieverService"
_SERVICE_CONFIG = json.dumps(
    {
        "loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": _SERVICE},
        "methodConfig": [
            {
                "name": [{"service": _SERVICE}],
                "retryPolicy": {
                    "maxAttempts": 4,
                    "initialBackoff": "0.2s",
                    "maxBackoff": "3s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
        ],
    }
)


class RetrieverClient:
    """A client of one retriever address. Use as an async context manager, one for a process.

    Args:
        address: `HOST:PORT`, `unix:/path`, or `dns:///NAME:PORT` for round-robin over all addresses of a name.
        max_message_bytes: largest message sent or received.

    Every method raises a `RetrieverError` where the question could not be answered.
    """

    def __init__(self, address: str, *, max_message_bytes: int = 64 << 20) -> None:
        self._channel = grpc.aio.insecure_channel(
            address,
            options=[
                ("grpc.max_receive_message_length", max_message_bytes),
                ("grpc.max_send_message_length", max_message_bytes),
                ("grpc.keepalive_time_ms", 30_000),
                ("grpc.keepalive_timeout_ms", 10_000),
                # The environment's proxy is for the network beyond.
                ("grpc.enable_http_proxy", 0),
                ("grpc.service_config", _SERVICE_CONFIG),
            ],
        )
        self._stub: Any = pb_grpc.RetrieverServiceStub(self._channel)

    async def __aenter__(self) -> "RetrieverClient":
        """Nothing is sent yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the connection; what is under way is cancelled."""
        await self.close()

    async def close(self) -> None:
        """Closes the connection."""
        await self._channel.close()

    async def wait_until_ready(self, timeout_s: float = 30.0) -> None:
        """Waits until the server answers.

        Raises:
            TimeoutError: it did not within `timeout_s`.
        """
        async with asyncio.timeout(timeout_s):
            await self._channel.channel_ready()

    async def retrieve(self, question: Question, *, timeout_s: float | None = None) -> Answer:
        """What may help with one goal, best first."""
        try:
            response = await self._stub.Retrieve(convert.question_to_pb(question), timeout=timeout_s)
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from error
        return convert.answer_from_pb(response)

    async def retrieve_batch(
        self, questions: Iterable[Question], *, timeout_s: float | None = None
    ) -> list[Answer | RetrieverError]:
        """Several at once, in the order of the questions; one that cannot be answered has its error in its place."""
        request = pb.RetrieveBatchRequest(requests=map(convert.question_to_pb, questions))
        try:
            response = await self._stub.RetrieveBatch(request, timeout=timeout_s)
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from error
        return [
            convert.answer_from_pb(item.response) if item.HasField("response") else RetrieverError(item.error)
            for item in response.items
        ]

    async def indexes(self) -> list[IndexInfo]:
        """What is indexed."""
        try:
            response = await self._stub.ListIndexes(pb.ListIndexesRequest())
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from error
        return [convert.index_from_pb(one) for one in response.indexes]
