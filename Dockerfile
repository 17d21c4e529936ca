# Name another image to pin it, or to have system libraries that your processes need.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_PYTHON=/opt/venv/bin/python \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
RUN python -m venv --without-pip /opt/venv

# What changes seldom comes first, so that a changed process or module installs none of it again.
COPY pyproject.toml constraints.txt ./
RUN python -c 'import tomllib; \
print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' > dependencies.txt \
    && pip install --requirement dependencies.txt --constraint constraints.txt

# Authors choose their versions freely, but for what the server itself stands on. The file need not exist: the pattern
# may match nothing, as long as LICENSE is found.
COPY LICENSE processes.d/requirements.tx[t] ./
RUN if [ -f requirements.txt ]; then \
      pip freeze > installed.txt \
      && pip install --requirement requirements.txt --constraint installed.txt; \
    fi

COPY README.md ./
COPY fastprocesses_server ./fastprocesses_server
RUN pip install --no-deps .

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="fastprocesses-server" \
      org.opencontainers.image.description="A standalone server for OGC API - Processes" \
      org.opencontainers.image.licenses="MIT"
RUN groupadd --gid 10001 server \
    && useradd --uid 10001 --gid server --no-create-home --home-dir /tmp --shell /usr/sbin/nologin server \
    && install --directory --owner=server --group=server /results
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    FP_HOST=0.0.0.0 \
    FP_RESULTS_DIR=/results
WORKDIR /app
COPY --from=build /opt/venv /opt/venv
COPY processes.d ./processes.d
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
VOLUME /results
EXPOSE 8000
# Only asks whether the API answers: who restarts unhealthy containers must not do so because Redis is away.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-c", "\
import http.client, os; \
connection = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('FP_PORT') or 8000), timeout=4); \
connection.request('GET', '/health/live'); \
raise SystemExit(connection.getresponse().status != 200)"]
ENTRYPOINT ["fastprocesses-server"]
CMD ["serve"]
