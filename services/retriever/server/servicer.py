"""The service's methods."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from palmetto_protos.retriever.v1 import retriever_pb2 as pb
from palmetto_protos.retriever.v1 import retriever_pb2_grpc as pb_grpc
from retriever import convert
from retriever.answer import BadQuestionError, answer, questions_checked
from retriever.metrics import Metrics
from retriever.registry import Registry
from retriever.server.calls import STATUSES, internal
from retriever.server.fields import checked
from retriever.settings import RetrieverSettings

Context = grpc.aio.ServicerContext[Any, Any]


class RetrieverServicer(pb_grpc.RetrieverServiceServicer):
    """Answers from a registry; the work is done in threads, so that health checks are always answered."""

    def __init__(self, settings: RetrieverSettings, registry: Registry, metrics: Metrics) -> None:
        self._settings, self._registry, self._metrics = settings, registry, metrics
        self._threads = ThreadPoolExecutor(settings.threads, "palmetto-retriever")

    def close(self) -> None:
        """Ends the threads once they are done."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def Retrieve(self, request: pb.RetrieveRequest, context: Context) -> pb.RetrieveResponse:
        """See the contract."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, request)

    async def RetrieveBatch(self, request: pb.RetrieveBatchRequest, context: Context) -> pb.RetrieveBatchResponse:
        """See the contract."""
        questions_checked(len(request.requests), self._settings.max_batch)
        loop = asyncio.get_running_loop()
        items = await asyncio.gather(
            *(loop.run_in_executor(self._threads, self._item, one) for one in request.requests)
        )
        return pb.RetrieveBatchResponse(items=items)

    async def ListIndexes(self, request: pb.ListIndexesRequest, context: Context) -> pb.ListIndexesResponse:
        """See the contract."""
        found = await asyncio.get_running_loop().run_in_executor(self._threads, self._registry.list)
        return pb.ListIndexesResponse(indexes=map(convert.index_to_pb, found))

    def _answer(self, request: pb.RetrieveRequest) -> pb.RetrieveResponse:
        begun = time.monotonic()
        checked(request)
        try:
            question = convert.question_from_pb(request)
        except ValueError as error:
            raise BadQuestionError(str(error)) from error
        found = convert.answer_to_pb(answer(self._registry, question))
        self._metrics.answered(time.monotonic() - begun)
        return found

    def _item(self, request: pb.RetrieveRequest) -> pb.RetrieveBatchResponse.Item:
        try:
            return pb.RetrieveBatchResponse.Item(response=self._answer(request))
        except tuple(STATUSES) as error:
            return pb.RetrieveBatchResponse.Item(error=str(error))
        except Exception as error:
            self._metrics.fault(error)
            return pb.RetrieveBatchResponse.Item(error=internal(error))
