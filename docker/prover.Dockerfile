# The prover: proves theorems over HTTP, with a checker, a retriever and a model server elsewhere.
#
#   docker/build prover          or: docker build -f docker/prover.Dockerfile -t palmetto/prover:0.1.0 .
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

# ---- The page that it serves.
FROM python AS page
WORKDIR /src/web
COPY docker/steps/page /steps/
RUN /steps/page tools
# A file of the base image with certificates that npm is to trust besides its own; empty: none.
ARG NODE_EXTRA_CA_CERTS=
COPY web/package.json web/package-lock.json ./
RUN /steps/page packages
COPY web/index.html web/vite.config.ts web/tsconfig.json ./
COPY web/public public
COPY web/src src
RUN /steps/page build

# ---- The image.
FROM python
COPY --from=packages /opt/palmetto /opt/palmetto
COPY --from=project /made/ /
COPY --from=page /made/ /
ENV PATH=/opt/palmetto/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PALMETTO_CACHE=/var/lib/palmetto/cache \
    PALMETTO_PROVER_LISTEN=0.0.0.0:8080
USER 10001:10001
WORKDIR /var/lib/palmetto
STOPSIGNAL SIGTERM
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python3", "-m", "palmetto.health", "http://127.0.0.1:8080/healthz"]
ENTRYPOINT ["palmetto"]
CMD ["serve", "prover"]

ARG BASE
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=
LABEL org.opencontainers.image.title="palmetto/prover" \
      org.opencontainers.image.description="Proves Coq theorems over HTTP" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="NOASSERTION" \
      org.opencontainers.image.base.name="${BASE}"
