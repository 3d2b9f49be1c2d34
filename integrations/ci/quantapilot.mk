# Targets for a Makefile: `include quantapilot.mk` at its end, or `make -f quantapilot.mk pii`.
# docs/ci.md tells more.

QP       ?= qp
# Files, folders or patterns; empty: each check takes what it takes by itself.
QP_PATHS ?=
# A commit; empty: everything is checked.
QP_SINCE ?=
QP_FLAGS ?= --quiet

QP_OPTIONS = $(QP_FLAGS) $(if $(QP_SINCE),--since '$(QP_SINCE)')

.PHONY: pii validate-api scan-pii

pii: validate-api scan-pii  ## keep personal data out of events, logs and code

validate-api:  ## check contract, events and logs
	$(QP) validate:api $(QP_OPTIONS) $(QP_PATHS)

scan-pii:  ## search every text for personal data
	$(QP) scan $(QP_OPTIONS) $(QP_PATHS)
