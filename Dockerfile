# One image for API, worker and migrations; docker-compose.yml says which of them a container is.
# The embedded servers that requirements.lock also names are never started here.
FROM node:22-slim AS browser-packages
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev

FROM python:3.12-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app
WORKDIR /app
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY . .
COPY --from=browser-packages /build/node_modules/htmx.org/dist/htmx.min.js api/console/static/vendor/htmx.min.js
COPY --from=browser-packages /build/node_modules/htmx-ext-sse/dist/sse.min.js api/console/static/vendor/sse.min.js
COPY --from=browser-packages /build/node_modules/swagger-ui-dist/swagger-ui.css api/console/static/vendor/swagger-ui.css
COPY --from=browser-packages /build/node_modules/swagger-ui-dist/swagger-ui-bundle.js api/console/static/vendor/swagger-ui-bundle.js
RUN useradd --system --home-dir /app wuyou
USER wuyou
EXPOSE 8000 8081
CMD ["python", "-m", "api"]
