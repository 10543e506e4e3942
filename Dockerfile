# The single executable on a system with nothing else:
#   docker build -t strowger .
#   docker run -p 8080:8080 -v strowger:/var/lib/strowger strowger
FROM node:20-bookworm AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# The build itself comes later, when its sources are there; better-sqlite3 is compiled here.
RUN npm ci --ignore-scripts && npm rebuild better-sqlite3
COPY . .
RUN npm run build:binary

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates libstdc++6 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/strowger --shell /usr/sbin/nologin strowger \
 && install --directory --mode 0700 --owner strowger --group strowger /var/lib/strowger
COPY --from=build /build/dist/strowger /usr/local/bin/strowger
USER strowger
WORKDIR /var/lib/strowger
VOLUME /var/lib/strowger
# From outside of the container it is reached on all its addresses, so registration is by invitation unless told.
ENV STROWGER_DATA=/var/lib/strowger \
    STROWGER_HOST=0.0.0.0 \
    NODE_OPTIONS=--max-semi-space-size=64
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --start-period=10s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /readyz HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["strowger"]
CMD ["serve"]
