# `make quickstart` and `make test` need root on Debian or Ubuntu: they boot real nodes (tests/lab/README.md).
# What they need and cannot find is installed: from Debian's packages by `make need`, by cargo from crates.io.

SHELL := /bin/bash
LAB := tests/lab/lab
SHELLS := tests/lab/lab tests/e2e/run.sh $(wildcard tests/lab/*.sh tests/lab/lib/*.sh benches/*.sh benches/ssh/*.sh benches/ssh/peers/*.sh vagrant/*.sh vagrant/*/*.sh) .ci/run
E2E := tests/e2e/run.sh

.PHONY: help build quickstart test need lint vagrant-validate unit images e2e soak bench bench-ssh clean

help:
	@echo 'make quickstart   install what is needed, boot a lab, bring a cluster up, show it'
	@echo 'make test         everything CI checks'
	@echo 'make soak         what takes longer: every fault at every stage, every boot order'
	@echo 'make bench        how fast, side by side with others'
	@echo 'make bench-ssh    how fast over SSH, side by side with others'
	@echo 'make build        target/release/bricklayer'

build:
	cargo build --release --locked

quickstart: need
	tests/lab/quickstart.sh

test: need lint unit e2e

need:
	tests/lab/need.sh

lint:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	shellcheck -x $(SHELLS)
	if command -v vagrant >/dev/null; then $(MAKE) vagrant-validate; fi

vagrant-validate:
	cd vagrant && VAGRANT_CHECKPOINT_DISABLE=1 vagrant validate --ignore-provider

unit:
	cargo test --locked

images:
	for image in debian12 debian12-gluster debian13 rhel; do $(LAB) image $$image || exit; done

e2e: images
	$(E2E) 2 --skip soak_

soak: images
	tests/lab/selftest.sh
	$(E2E) 3 soak_

bench:
	benches/run.sh

bench-ssh:
	benches/ssh/run.sh

clean:
	cargo clean
