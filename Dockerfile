# A static program in an empty image: no shell, no package manager, an unprivileged user.
#
#   docker build --tag flightboard .
#
# docs/deploy.md says how to run it. `cargo xtask test` takes the same steps without Docker.

FROM node:20-bookworm-slim AS node

FROM rust:1.95-bookworm AS build
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
WORKDIR /build
COPY . .
RUN packaging/image-root /image release && chown 65532:65532 /image/var/lib/flightboard

FROM scratch
COPY --from=build /image /
USER 65532:65532
WORKDIR /var/lib/flightboard
VOLUME /var/lib/flightboard
EXPOSE 5000
ENV FLIGHTBOARD_LISTEN=0.0.0.0:5000
ENTRYPOINT ["/usr/bin/flightboard"]
CMD ["serve"]
