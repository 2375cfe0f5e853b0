# Every task there is; "make help" lists them. The work is done by scripts, so
# that a machine without make can do it too.

.DEFAULT_GOAL := help
.PHONY: help demo test crash simulate lint bench cards build image pictures

help: ## List the tasks
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## Show everything in one process, with a made-up company
	@./scripts/demo

test: ## Run every test, and bring first what they need
	@./scripts/test

crash: ## Kill the program between any two steps of a reset, RUNS times
	@./scripts/crash $(RUNS)

simulate: ## Run the flows on the store by a clock of their own, for SEEDS seeds
	@./scripts/simulate $(SEEDS)

lint: ## Run the linters
	@./scripts/lint

bench: ## Measure, and print each figure beside its goal
	@./scripts/bench

pictures: ## Take the README's pictures anew, in Chromium
	@./scripts/pictures

cards: ## Show every message on every platform, with made-up data
	@go run ./cmd/cards

build: ## Build bin/mfahelp, static
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.release=$(RELEASE)" -o bin/mfahelp ./cmd/mfahelp

image: ## Build the container image
	docker build --build-arg RELEASE=$(RELEASE) -t mfahelp .
