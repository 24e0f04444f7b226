# The model server: OpenAI's HTTP interface over the embedded model, a recording, another server or, with HF=1, a checkpoint.
#
#   docker/build model-server          or: docker build -f docker/model-server.Dockerfile -t palmetto/model-server:0.1.0 .
#
# docs/containers.md has the build arguments, the volumes and how to run it.

# By its digest (debian@sha256:...) where builds are to be the same for ever.
ARG BASE=debian:trixie-slim
ARG HF=
ARG TORCH=torch==2.13.0

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

# ---- torch and transformers, for checkpoints (backend hf): `--build-arg HF=1`. torch comes as different wheels from
# different places, so no hash can be given for it.
FROM packages AS models
ARG HF
ARG TORCH
COPY requirements/models.txt requirements/
RUN mkdir -p /made && if [ -n "${HF}" ]; then /steps/packages more requirements/models.txt "${TORCH}"; fi

# ---- The image.
FROM python
COPY --from=packages /opt/palmetto /opt/palmetto
COPY --from=models /made/ /
COPY --from=project /made/ /
ENV PATH=/opt/palmetto/bin:/usr/local/bin:/usr/bin:/bin \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PALMETTO_CACHE=/var/lib/palmetto/cache \
    PALMETTO_MODEL_LISTEN=0.0.0.0:8000 \
    HF_HOME=/tmp/huggingface \
    HF_HUB_OFFLINE=1
USER 10001:10001
WORKDIR /var/lib/palmetto
STOPSIGNAL SIGTERM
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python3", "-m", "palmetto.health", "http://127.0.0.1:8000/healthz"]
ENTRYPOINT ["palmetto"]
CMD ["serve", "model-server"]

ARG BASE
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=
LABEL org.opencontainers.image.title="palmetto/model-server" \
      org.opencontainers.image.description="An OpenAI-compatible server of models that propose Coq proofs" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="NOASSERTION" \
      org.opencontainers.image.base.name="${BASE}"
