# The demo with CUDA. Weights live in a volume, nothing runs as root:
#   docker build --tag regionreasoner .
#   docker run --gpus all --publish 7860:7860 --volume regionreasoner:/data \
#     --env REGIONREASONER_FETCH=1 regionreasoner
# REGIONREASONER_FETCH=1 agrees to fetching 16.6 GB once; without it, or without a GPU, nano answers.
# Without torch, a ninth of the size, for a model in llama.cpp or on a server:
#   docker build --tag regionreasoner-light --build-arg PACKAGES=requirements-light.txt \
#     --build-arg BASE=ubuntu:24.04@sha256:008173c23f95b170204355c12626cb5a965d779a7e1283b09e9cffbb1bf33ca3 .
#   docker run --publish 7860:7860 --volume regionreasoner:/data \
#     --env REGIONREASONER_FETCH=1 regionreasoner-light --model qwen3-vl-2b-gguf
# By digest, so that it stays the same; a newer one is printed by
#   docker buildx imagetools inspect nvidia/cuda:13.0.1-runtime-ubuntu24.04
ARG BASE=nvidia/cuda:13.0.1-runtime-ubuntu24.04@sha256:c3fde347d52d578c84fd644bc177bc7ec333feaf11550d990da4084d7612e4c7
FROM ${BASE}

# Ubuntu takes old versions of packages away: pinned ones would not install. llama.cpp needs libgomp1.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 python3-venv \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 demo \
    && install --directory --owner demo --group demo --mode 700 /data

WORKDIR /app
ARG PACKAGES=requirements.lock
COPY ${PACKAGES} ./
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --require-hashes --requirement "${PACKAGES}"
COPY app.py LICENSE ./
COPY assets assets
COPY demo demo
COPY examples examples

ENV GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    HF_HOME=/data/huggingface \
    PYTHONUNBUFFERED=1 \
    REGIONREASONER_CACHE=/data/cache

USER 10001
VOLUME /data
EXPOSE 7860
# A first start fetches and quantizes.
HEALTHCHECK --interval=30s --timeout=10s --start-period=1h --retries=3 \
    CMD ["/opt/venv/bin/python", "-c", "import urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:7860/health', timeout=8)"]
ENTRYPOINT ["/opt/venv/bin/python", "app.py"]
