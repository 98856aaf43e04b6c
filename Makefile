# Every target sets up what it needs first, and says what that is (scripts/setup).
# More options: make demo ARGS="--no-boot"

.DEFAULT_GOAL := help
.PHONY: help demo test serve bench fuzz check

help: ## show this list
	@sed -n 's/^\([a-z]*\): ## /\1|/p' Makefile | while IFS='|' read -r name what; do \
		printf '  make %-8s %s\n' "$$name" "$$what"; done

demo: ## build a Debian image, publish, sync and boot it over the network (minutes)
	@scripts/setup demo && .venv/bin/python -m tundish demo $(ARGS)

test: ## check everything: format, lint, types, all tests, real boots included
	@scripts/setup test && scripts/check $(ARGS)

serve: ## start the server: control door on 127.0.0.1:5240, file door on port 5248
	@scripts/setup serve && exec .venv/bin/python -m tundish serve $(ARGS)

bench: ## mirror a stream with tundish and with the reference client, and compare
	@scripts/setup bench && .venv/bin/python -m bench $(ARGS)

fuzz: ## give every parser inputs that nobody would write, a few minutes each (ARGS="--runs 1000")
	@scripts/setup fuzz && scripts/fuzz $(ARGS)

check: ## check what is quick: everything but the tests that build or boot images
	@scripts/setup test && scripts/check --fast $(ARGS)
