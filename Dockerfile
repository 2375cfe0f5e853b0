# A static binary in an image that has no shell and no package manager, run by a
# user who is not root. The configuration is mounted, the data is a volume.
#
#   docker run -v ./mfahelp.yaml:/etc/mfahelp/mfahelp.yaml:ro -v mfahelp:/var/lib/mfahelp -e MFAHELP_CLIENT_SECRET mfahelp

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG RELEASE
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.release=${RELEASE}" -o /out/mfahelp ./cmd/mfahelp \
 && mkdir /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/mfahelp /usr/local/bin/mfahelp
COPY --from=build --chown=nonroot:nonroot /out/data /var/lib/mfahelp
USER nonroot
VOLUME /var/lib/mfahelp
EXPOSE 8025

# There is no HEALTHCHECK, since the image has nothing to ask with: have the
# supervisor ask /livez and /readyz, as Kubernetes does.
ENTRYPOINT ["/usr/local/bin/mfahelp"]
CMD ["serve", "--config", "/etc/mfahelp/mfahelp.yaml"]
