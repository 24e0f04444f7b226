# The jobs: builds projects, indexes, extracts, crawls, evaluates. The layers of Coq are coq-checker's.
#
#   docker/build jobs-rocq-9.2
#   or: docker build -f docker/jobs.Dockerfile --build-arg TOOLCHAIN=rocq-9.2 -t palmetto/jobs-rocq-9.2:0.1.0 .
#
# docs/containers.md has the build arguments, the volumes and how to run it.

# By its digest (debian@sha256:...) where builds are to be the same for ever.
ARG BASE=debian:trixie-slim
# The image's Coq: coq-8.20 or rocq-9.2, of Debian's packages; or `path`, with COQ_VERSION.
ARG TOOLCHAIN=
# A version that opam installs, such as 8.12.2 (docs/containers.md).
ARG COQ_VERSION=
ARG OCAML_VERSION=4.09.1
ARG OPAM_REPOSITORIES=
ARG OPAM_PACKAGES=

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

# ---- What results in an object store need.
FROM packages AS object-store
COPY requirements/s3.txt requirements/
RUN /steps/packages more requirements/s3.txt

# ---- Coq, with the engine compiled for it.
FROM python AS coq-with-compilers
ARG TOOLCHAIN
ARG COQ_VERSION
ARG OCAML_VERSION
ARG OPAM_REPOSITORIES
ARG OPAM_PACKAGES
COPY docker/steps/coq-install docker/steps/coq-8.20.txt docker/steps/rocq-9.2.txt /steps/
RUN /steps/coq-install "${TOOLCHAIN}" "${COQ_VERSION}"
ENV PATH=/usr/local/bin:/opt/coq/palmetto/bin:/usr/bin:/bin:/usr/sbin:/sbin
COPY services/coqdata /src/coqdata
COPY services/coq_checker/__init__.py /src/coq_checker/
COPY services/coq_checker/toolchain /src/coq_checker/toolchain
COPY services/coq_checker/engine/plugin /src/coq_checker/engine/plugin
COPY docker/steps/coq /steps/
RUN /steps/coq plugin "${TOOLCHAIN}"

FROM coq-with-compilers AS coq
RUN /steps/coq slim && rm -r /steps /src

# ---- The image. Its system is one layer: what was taken away is in none.
FROM scratch
# hadolint ignore=DL3067
COPY --from=coq / /
COPY --from=packages /opt/palmetto /opt/palmetto
# git: for the crawler.
COPY docker/steps/coq /steps/
RUN /steps/coq more ca-certificates git && rm -r /steps
COPY --from=object-store /made/ /
COPY --from=project /made/ /
ARG TOOLCHAIN
ENV PATH=/opt/palmetto/bin:/usr/local/bin:/opt/coq/palmetto/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PALMETTO_CACHE=/var/lib/palmetto/cache \
    PALMETTO_SANDBOX=none \
    PALMETTO_TOOLCHAIN=${TOOLCHAIN} \
    PALMETTO_PLUGINS=/opt/coq-plugins \
    PALMETTO_RETRIEVER_INDEXES=/index
COPY docker/steps/coq /steps/
RUN /steps/coq check && rm -r /steps
USER 10001:10001
WORKDIR /var/lib/palmetto
STOPSIGNAL SIGTERM
# A job ends by itself.
HEALTHCHECK NONE
ENTRYPOINT ["tini", "--", "palmetto"]
CMD ["--help"]

ARG BASE
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=
LABEL org.opencontainers.image.title="palmetto/jobs" \
      org.opencontainers.image.description="Jobs on Coq projects, with ${TOOLCHAIN}: build, index, extract, crawl, evaluate" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="NOASSERTION" \
      org.opencontainers.image.base.name="${BASE}"
