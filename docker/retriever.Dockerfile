# The retriever: premises and similar proofs over gRPC, out of what `palmetto index` made.
#
#   docker/build retriever          or: docker build -f docker/retriever.Dockerfile -t palmetto/retriever:0.1.0 .
#
# docs/containers.md has the build arguments, the volumes and how to run it.

# By its digest (debian@sha256:...) where builds are to be the same for ever.
ARG BASE=debian:trixie-slim

FROM ${BASE} AS python
COPY docker/steps/python /steps/
RUN /steps/python && rm -r /steps

# ---- Python packages: the locked ones, then the project, so that a change of the project changes a small layer.
FROM python AS packages
WORKDIR /src
COPY docker/steps/packages /steps/
COPY requirements/base.txt requirements/
RUN /steps/packages base

FROM packages AS project
COPY requirements/build.txt requirements/
COPY pyproject.toml README.md ./
COPY services services
RUN /steps/packages project

# ---- The image.
FROM python
COPY --from=packages /opt/palmetto /opt/palmetto
COPY --from=project /made/ /
ENV PATH=/opt/palmetto/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PALMETTO_CACHE=/var/lib/palmetto/cache \
    PALMETTO_RETRIEVER_LISTEN=0.0.0.0:50052 \
    PALMETTO_RETRIEVER_METRICS_LISTEN=0.0.0.0:9100 \
    PALMETTO_RETRIEVER_INDEXES=/index
USER 10001:10001
WORKDIR /var/lib/palmetto
STOPSIGNAL SIGTERM
EXPOSE 50052 9100
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python3", "-m", "palmetto.health", "127.0.0.1:50052"]
ENTRYPOINT ["palmetto"]
CMD ["serve", "retriever"]

ARG BASE
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=
LABEL org.opencontainers.image.title="palmetto/retriever" \
      org.opencontainers.image.description="Premises, definitions and similar proofs for Coq goals" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="NOASSERTION" \
      org.opencontainers.image.base.name="${BASE}"
