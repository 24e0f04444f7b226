# The trainer: fine-tunes models on extracted data, with both engines.
#
#   docker/build trainer          or: docker build -f docker/trainer.Dockerfile -t palmetto/trainer:0.1.0 .
#   docker run --gpus all --shm-size 16g -v DATA:/data -v MODELS:/models palmetto/trainer:0.1.0 \
#     train --data /data --base /models/deepseek-math-7b-base --engine xtuner --out /models/sft
#
# docs/containers.md and docs/training-xtuner.md have the rest.

# It brings CUDA's compiler, which DeepSpeed looks for; torch's wheels bring CUDA's libraries. The host's driver is 580
# or newer (CUDA 13). Where no GPU is, any Debian or Ubuntu with Python 3.11 or 3.12, g++ and python3-dev does. By its
# digest where builds are to be the same for ever.
ARG BASE=nvidia/cuda:13.0.1-devel-ubuntu24.04
# Not empty: the engine `local`, too, which needs a torch of its own.
ARG LOCAL=
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

FROM packages AS models
ARG LOCAL
ARG TORCH
COPY requirements/models.txt requirements/
RUN mkdir -p /made && if [ -n "${LOCAL}" ]; then /steps/packages more requirements/models.txt "${TORCH}"; fi

# ---- xtuner, in an environment of its own: its pins (transformers 4.48, DeepSpeed 0.16) go together with nobody else's.
FROM packages AS xtuner
# Only what the environment depends on, so that it is made anew only when that changes.
COPY requirements/xtuner.txt requirements/xtuner.txt
COPY services/coqdata services/coqdata
COPY services/trainer/__init__.py services/trainer/errors.py services/trainer/
COPY services/trainer/xtuner/__init__.py services/trainer/xtuner/make_environment.py \
     services/trainer/xtuner/torchvision_stub.py services/trainer/xtuner/
RUN PYTHONPATH=services PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 \
    python3 -m trainer.xtuner.make_environment --into /opt/xtuner --pins requirements/xtuner.txt

# ---- The image.
FROM python
COPY --from=xtuner /opt/xtuner /opt/xtuner
COPY --from=packages /opt/palmetto /opt/palmetto
COPY --from=models /made/ /
COPY --from=project /made/ /
# /dev/shm: NCCL and loaders need more than the 64 MB that containers have (--shm-size).
ENV PATH=/opt/palmetto/bin:${PATH} \
    LANG=C.UTF-8 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PALMETTO_CACHE=/var/lib/palmetto/cache \
    PALMETTO_XTUNER_ENV=/opt/xtuner \
    HF_HOME=/tmp/huggingface \
    HF_HUB_OFFLINE=1 \
    TRITON_CACHE_DIR=/tmp/triton \
    TORCH_EXTENSIONS_DIR=/tmp/torch_extensions \
    MPLCONFIGDIR=/tmp/matplotlib
USER 10001:10001
WORKDIR /var/lib/palmetto
STOPSIGNAL SIGTERM
# A job ends by itself.
HEALTHCHECK NONE
ENTRYPOINT ["palmetto"]
CMD ["train", "--help"]

ARG BASE
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=
LABEL org.opencontainers.image.title="palmetto/trainer" \
      org.opencontainers.image.description="Fine-tunes models on Coq proofs" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.licenses="NOASSERTION" \
      org.opencontainers.image.base.name="${BASE}"
