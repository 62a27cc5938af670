# docker build -t removalwatch .   (podman and buildah: --format docker, or the HEALTHCHECK is lost; docs/container.md)
ARG PYTHON_IMAGE=python:3.12-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
# Build tools stay in a venv of their own: the final image has neither pip nor a compiler.
COPY requirements-build.lock ./
RUN python -m venv /build \
 && /build/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements-build.lock
# jieba and langdetect exist as source only; they are plain Python.
COPY requirements.lock ./
RUN /build/bin/pip wheel --no-cache-dir --no-deps --require-hashes --no-build-isolation \
      --only-binary :all: --no-binary jieba,langdetect -r requirements.lock -w /wheels/locked
COPY . .
RUN /build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation -w /wheels/own . \
 && python -m venv --without-pip /opt/venv \
 && /build/bin/pip --python /opt/venv/bin/python install --no-cache-dir --no-index --no-deps \
      /wheels/locked/*.whl /wheels/own/*.whl \
 && /build/bin/pip --python /opt/venv/bin/python check

FROM ${PYTHON_IMAGE}
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends redis-server tini \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 65532 removalwatch \
 && useradd --uid 65532 --gid 65532 --home-dir /data --no-create-home --shell /usr/sbin/nologin removalwatch \
 && install -d -m 0700 -o 65532 -g 65532 /data \
 && install -d /config
COPY --from=build /opt/venv /opt/venv
# Everything that is written lies under /data; the rest of the root file system may be read-only (/tmp: a tmpfs).
# The server listens on all of the container's addresses: who reaches it is decided by how the port is published.
# OpenBLAS would start a thread per core in every process, and the pids limit counts threads.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/data \
    XDG_CACHE_HOME=/data/cache \
    MPLCONFIGDIR=/data/cache/matplotlib \
    OPENBLAS_NUM_THREADS=1 \
    REMOVALWATCH_DATA_DIR=/data \
    REMOVALWATCH_WEB__HOST=0.0.0.0
USER 65532:65532
WORKDIR /data
VOLUME ["/data", "/config"]
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8080, timeout=5); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["tini", "-g", "--", "removalwatch"]
CMD ["run", "--config", "/config/config.yaml"]
