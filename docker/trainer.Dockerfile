# Palmetto with both training engines. Build it from the repository's root:
#
#   docker build -f docker/trainer.Dockerfile -t palmetto-trainer .
#   docker run --gpus all --shm-size 16g -v DATA:/data -v OUT:/out palmetto-trainer \
#     train --data /data --base /data/deepseek-math-7b-base --engine xtuner --out /out/model
#
# BASE is a Debian or Ubuntu with Python 3.11 or 3.12, its venv and a C compiler's headers where DeepSpeed is to compile
# operators (offloading only). torch's wheels bring CUDA's libraries, so that the driver (580 or newer) is all that the
# host has to have; an image of CUDA's own is needed only where its compiler is.
ARG BASE=python:3.11-slim-bookworm

# ---- xtuner, in an environment of its own: its pins (transformers 4.48, DeepSpeed 0.16) go together with nobody else's.
FROM ${BASE} AS xtuner
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
FROM ${BASE} AS palmetto
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
FROM ${BASE}
RUN groupadd --gid 10001 palmetto && useradd --uid 10001 --gid 10001 --create-home palmetto
COPY --from=xtuner /opt/xtuner /opt/xtuner
COPY --from=palmetto /opt/palmetto /opt/palmetto
# /dev/shm: NCCL and loaders need more than the 64 MB that containers have (--shm-size).
ENV PATH=/opt/palmetto/bin:${PATH} \
    PALMETTO_XTUNER_ENV=/opt/xtuner \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HF_HOME=/home/palmetto/.cache/huggingface
USER 10001:10001
WORKDIR /home/palmetto
STOPSIGNAL SIGTERM
ENTRYPOINT ["palmetto"]
CMD ["train", "--help"]
