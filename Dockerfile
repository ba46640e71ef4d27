# The image of the exporter: one static binary on a base without a shell. Both bases
# are arguments, so that they can come from a mirror; their digests are updated by Renovate. BUILD_IMAGE
# needs Go and make, RUN_IMAGE the certificates of certificate authorities.
ARG BUILD_IMAGE=golang:1.26.8@sha256:3c3e25a4da13fd0478eed2df1eb35a0e667094a7124d3993a6a1d30f71c17e79
ARG RUN_IMAGE=gcr.io/distroless/static-debian13:nonroot@sha256:f7f8f729987ad0fdf6b05eeeae94b26e6a0f613bdf46feea7fc40f7bd72953e6

# Cross-compiled: the build runs on the architecture of the builder.
FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
WORKDIR /src

# A layer of its own, because modules change less often than code.
COPY go.mod go.sum ./
RUN go mod download

COPY . .

# The image's context has no git history; "make docker" passes the version.
ARG VERSION=unknown
ARG REVISION=unknown
ARG BRANCH=unknown
ARG BUILD_USER=docker
ARG BUILD_DATE=unknown
ARG TARGETOS
ARG TARGETARCH
RUN GOOS="$TARGETOS" GOARCH="$TARGETARCH" make build VERSION="$VERSION" REVISION="$REVISION" BRANCH="$BRANCH" BUILD_USER="$BUILD_USER" BUILD_DATE="$BUILD_DATE"

FROM ${RUN_IMAGE}

ARG VERSION=unknown
ARG REVISION=unknown
ARG REPOSITORY
LABEL org.opencontainers.image.title="livechat_exporter" \
      org.opencontainers.image.description="Prometheus exporter for Rocket.Chat Omnichannel: abandoned chats per department" \
      org.opencontainers.image.source="${REPOSITORY}" \
      org.opencontainers.image.url="${REPOSITORY}" \
      org.opencontainers.image.documentation="${REPOSITORY}/blob/main/README.md" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

COPY --from=build /src/LICENSE /LICENSE
COPY --from=build /src/config.yml /etc/livechat_exporter/config.yml
COPY --from=build /src/livechat_exporter /bin/livechat_exporter

# By number, so that Kubernetes can see that it is not root (runAsNonRoot).
USER 65532:65532
EXPOSE 10098
ENTRYPOINT ["/bin/livechat_exporter"]
CMD ["--config.file=/etc/livechat_exporter/config.yml"]
