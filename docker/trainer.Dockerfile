# Palmetto with both training engines. Build it from the repository's root:
#
#   docker build -f docker/trainer.Dockerfile -t palmetto-trainer .
#   docker run --gpus all --shm-size 16g -v DATA:/data -v OUT:/out palmetto-trainer \
#     train --data /data --base /data/deepseek-math-7b-base --engine xtuner --out /out/model
#
# BASE brings CUDA's compiler, which DeepSpeed looks for; torch's wheels bring CUDA's libraries. The host's driver is 580
# or newer (CUDA 13). Where no GPU is, any Debian or Ubuntu with Python 3.11 or 3.12 does. Name it by its digest where
# builds are to be the same for ever.
ARG BASE=nvidia/cuda:13.0.1-devel-ubuntu24.04

FROM ${BASE} AS base
RUN if ! python3 -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; then \
      apt-get -qq update && apt-get -qq -y --no-install-recommends install python3 python3-venv >/dev/null \
      && rm -rf /var/lib/apt/lists/*; \
    fi

# ---- xtuner, in an environment of its own: its pins (transformers 4.48, DeepSpeed 0.16) go together with nobody else's.
FROM base AS xtuner
ENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
# Only what the environment depends on, so that it is made anew only when that changes.
COPY requirements/xtuner.txt requirements/xtuner.txt
COPY services/coqdata services/coqdata
COPY services/trainer/__init__.py services/trainer/errors.py services/trainer/
COPY services/trainer/xtuner/__init__.py services/trainer/xtuner/make_environment.py \
     services/trainer/xtuner/torchvision_stub.py services/trainer/xtuner/
RUN PYTHONPATH=services python3 -m trainer.xtuner.make_environment --into /opt/xtuner --pins requirements/xtuner.txt

# ---- Palmetto. The engine `local` needs torch here, too: `--build-arg LOCAL=1`.
FROM base AS palmetto
ARG LOCAL=
ARG TORCH=torch==2.13.0
ENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements requirements
RUN python3 -m venv /opt/palmetto \
 && /opt/palmetto/bin/python -m pip install --quiet --require-hashes -r requirements/base.txt \
 && if [ -n "${LOCAL}" ]; then /opt/palmetto/bin/python -m pip install --quiet "${TORCH}" \
    && /opt/palmetto/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements/models.txt; fi
COPY pyproject.toml README.md ./
COPY services services
RUN /opt/palmetto/bin/python -m pip install --quiet --no-deps .

# ---- The image.
FROM base
RUN groupadd --gid 10001 palmetto && useradd --uid 10001 --gid 10001 --create-home --home-dir /var/lib/palmetto palmetto
COPY --from=xtuner /opt/xtuner /opt/xtuner
COPY --from=palmetto /opt/palmetto /opt/palmetto
# /dev/shm: NCCL and loaders need more than the 64 MB that containers have (--shm-size).
ENV PATH=/opt/palmetto/bin:${PATH} \
    PALMETTO_XTUNER_ENV=/opt/xtuner \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HF_HOME=/var/lib/palmetto/huggingface
USER 10001:10001
WORKDIR /var/lib/palmetto
STOPSIGNAL SIGTERM
ENTRYPOINT ["palmetto"]
CMD ["train", "--help"]
