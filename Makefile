# SPDX-License-Identifier: GPL-2.0-only
# The only makefile. Every output is below build/; links stand where the README names the programs.
#
#   make              all programs          make check     every test (live ones need root)
#   make demo         one study, an answer  make bench     what the speed claims are measured with
#   make lint         static checks         make install   DESTDIR= PREFIX=/usr/local
#   make vm           tests in guests on other kernels (qemu)
#   make clean        removes build/ and the links          V=1 shows commands

VERSION  := 0.2.0
PREFIX   ?= /usr/local
DESTDIR  ?=
CC       ?= gcc
CLANG    ?= clang
PROVE    ?= prove
B        := build

ifeq ($(origin CC),default)
CC := gcc
endif

# The first one that runs: Ubuntu's /usr/sbin/bpftool only points at the tools of the running kernel.
ifndef BPFTOOL
BPFTOOL := $(shell for t in bpftool /usr/sbin/bpftool /usr/lib/linux-tools*/*/bpftool \
	/usr/lib/linux-tools*/bpftool; do $$t version >/dev/null 2>&1 && echo $$t && break; done)
endif

V ?= 0
Q  = $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-8s %s\n' '$(1)' '$(patsubst $(B)/%,%,$@)')

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

# ---- flags ---------------------------------------------------------------------------------------------
# Warnings are errors for developers and CI (make WERROR=-Werror, as .ci/run does): a newer compiler may find more.
WERROR ?=
WARN := -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wwrite-strings -Wformat=2 -Wno-format-nonliteral -Wundef -Wvla \
	-Wimplicit-fallthrough -Wdouble-promotion -Wredundant-decls -Wnested-externs
ifneq ($(findstring clang,$(CC)),)
WARN += -Wno-double-promotion		# to clang, NAN is a float that was promoted
endif
CPPFLAGS += -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -iquote . -iquote $(B)/include
CFLAGS   ?= -O2 -g
CFLAGS_ALL = -std=gnu11 $(WARN) -fstack-protector-strong -fPIE -pthread $(CFLAGS)
LDFLAGS_ALL = -pie -pthread -Wl,--as-needed -Wl,-z,relro,-z,now $(LDFLAGS)

# lzo2, deflate and snappy have no .pc file on every distribution.
LIBS_CODEC := -llz4 -lzstd -llzo2 -ldeflate -lz -lsnappy
LIBS_BPF   := -lbpf -ldw -lelf -lz
LIBS_JSON  := -ljson-c
LIBS_SQLITE := -lsqlite3

ARCH := $(shell uname -m | sed -e 's/x86_64/x86/' -e 's/aarch64/arm64/')
BPF_CFLAGS := -target bpf -O2 -g -std=gnu11 -Wall -Wextra $(WERROR) -Wno-unused-parameter \
	-D__TARGET_ARCH_$(ARCH) -iquote .

# ---- what there is -------------------------------------------------------------------------------------
LIB_SRC  := $(wildcard lib/*/*.c)
LIB_OBJ  := $(LIB_SRC:%.c=$(B)/obj/%.o)
LIB      := $(B)/libcoldpress.a

PROBES   := $(patsubst probes/%.bpf.c,%,$(wildcard probes/*.bpf.c))
SKELS    := $(PROBES:%=$(B)/include/%.skel.h)

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
OBJ_compressor_monitor := $(call obj,$(wildcard compressor-monitor/*.c))
OBJ_ram_pool           := $(call obj,$(wildcard ram-pool/*.c))
OBJ_workload           := $(call obj,$(wildcard workloads/*.c workloads/wrap/*.c) \
	$(filter-out workloads/gen/main.c,$(wildcard workloads/gen/*.c workloads/pattern/*.c)))
OBJ_workload-gen       := $(call obj,$(wildcard workloads/gen/*.c workloads/pattern/*.c))
OBJ_coldpress          := $(call obj,$(wildcard cli/*.c study/*.c study/backend/*.c))
OBJ_report             := $(call obj,$(wildcard report/*.c))

LIBS_compressor_monitor := $(LIBS_CODEC) $(LIBS_JSON) $(LIBS_SQLITE) -lm
LIBS_ram_pool           := $(LIBS_SQLITE) $(LIBS_JSON) $(LIBS_CODEC) -lm
LIBS_workload           := $(LIBS_JSON) -lyaml -lm
LIBS_workload-gen       := -lm
LIBS_coldpress          := $(LIBS_SQLITE) $(LIBS_BPF) $(LIBS_JSON) $(LIBS_CODEC) -lcap -lm
LIBS_report             := $(LIBS_SQLITE) $(LIBS_JSON) -lm
LIBS_probe              := $(LIBS_BPF) -lcap -lm

COMPONENTS    := $(foreach p,compressor_monitor ram_pool workload workload-gen coldpress report,$(if $(OBJ_$(p)),$(p)))
PROGRAMS := $(PROBES) $(COMPONENTS)
BINS     := $(PROGRAMS:%=$(B)/bin/%)

# Where the specification names the programs.
LINKS := $(PROBES) $(filter coldpress,$(COMPONENTS)) \
	$(if $(filter compressor_monitor,$(COMPONENTS)),compressor-monitor/compressor_monitor) \
	$(if $(filter ram_pool,$(COMPONENTS)),ram-pool/ram_pool) \
	$(if $(filter workload,$(COMPONENTS)),workloads/workload)

UNIT_TESTS := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))
HELPERS    := $(patsubst tests/helpers/%.c,$(B)/tests/helpers/%,$(wildcard tests/helpers/*.c))
BENCHES    := $(patsubst bench/%.c,$(B)/bench/%,$(wildcard bench/*.c))

.PHONY: all tests benches docs check check-unit check-cli check-live vm demo bench lint format
.PHONY: install uninstall clean man FORCE
all: $(BINS) $(LINKS)

# ---- version -------------------------------------------------------------------------------------------
GIT_REV := $(shell git rev-parse --short=12 HEAD 2>/dev/null)
$(B)/include/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define COLDPRESS_VERSION "%s"\n#define COLDPRESS_REVISION "%s"\n' '$(VERSION)' '$(GIT_REV)' > $@.new
	@cmp -s $@.new $@ || mv $@.new $@; rm -f $@.new

# ---- C -------------------------------------------------------------------------------------------------
$(B)/obj/%.o: %.c | $(B)/include/version.h $(SKELS) $(B)/include/schema.h
	@mkdir -p $(@D)
	$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(B)/obj/lib/base/opt_main.o: $(B)/include/version.h

$(LIB): $(LIB_OBJ)
	$(call say,AR)
	$(Q)rm -f $@; $(AR) rcs $@ $^

# The schema of the results database as a C string.
$(B)/include/schema.h: lib/results/schema.sql
	@mkdir -p $(@D)
	$(Q)sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $< > $@

# The scripts that run third-party tools, likewise.
$(B)/include/%.sh.h: workloads/wrap/%.sh
	@mkdir -p $(@D)
	$(Q)sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $< > $@
$(patsubst %.sh,$(B)/obj/%.o,$(wildcard workloads/wrap/*.sh)): $(B)/obj/workloads/wrap/%.o: $(B)/include/%.sh.h

# ---- BPF -----------------------------------------------------------------------------------------------
$(B)/bpf/%.bpf.o: probes/%.bpf.c $(wildcard bpf/*.h) $(wildcard probes/*.h)
	@mkdir -p $(@D)
	$(call say,BPF)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(B)/include/%.skel.h: $(B)/bpf/%.bpf.o
	@mkdir -p $(@D)
	$(call say,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name $* > $@

# ---- programs ------------------------------------------------------------------------------------------
# probes/NAME.c and its parts probes/NAME_*.c; what several probes share is in files of other names.
PROBE_SHARED := $(filter-out %.bpf.c $(foreach p,$(PROBES),probes/$(p).c probes/$(p)_%),$(wildcard probes/*.c))
define probe
$(B)/bin/$(1): $(call obj,probes/$(1).c $(wildcard probes/$(1)_*.c) $(PROBE_SHARED)) $(LIB)
	@mkdir -p $$(@D)
	$$(call say,LINK)
	$(Q)$(CC) $$(LDFLAGS_ALL) -o $$@ $$^ $$(LIBS_probe)
endef
$(foreach p,$(PROBES),$(eval $(call probe,$(p))))

define program
$(B)/bin/$(1): $(OBJ_$(1)) $(LIB)
	@mkdir -p $$(@D)
	$$(call say,LINK)
	$(Q)$(CC) $$(LDFLAGS_ALL) -o $$@ $$^ $$(LIBS_$(1))
endef
$(foreach p,$(COMPONENTS),$(eval $(call program,$(p))))

$(LINKS): %: | $(BINS)
	$(Q)ln -sfn $(if $(findstring /,$@),../)$(B)/bin/$(notdir $@) $@

# ---- tests, bench ----------------------------------------------------------------------------------------
$(B)/tests/%: $(B)/obj/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(LIB) -lcmocka \
		$(LIBS_CODEC) $(LIBS_SQLITE) $(LIBS_BPF) $(LIBS_JSON) -lcap -lm

# Known workloads for the live tests and the benches.
$(B)/tests/helpers/%: tests/helpers/%.c $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_CODEC) $(LIBS_JSON) -lm

$(B)/bench/%: $(B)/obj/bench/%.o $(LIB)
	@mkdir -p $(@D)
	$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(LIB) \
		$(LIBS_CODEC) $(LIBS_SQLITE) $(LIBS_BPF) $(LIBS_JSON) -lcap -lm

# What they test belongs to a component.
$(B)/bench/scan_speed: $(B)/obj/compressor-monitor/duplicates.o
$(B)/tests/test_symbol: $(B)/obj/probes/page_fault_symbol.o
$(B)/tests/test_verdict_text: $(B)/obj/study/verdict_text.o $(B)/obj/study/text.o
$(B)/tests/test_recompress_policy: $(B)/obj/ram-pool/recompress_policy.o

tests: $(UNIT_TESTS) $(HELPERS)
benches: $(BENCHES) $(HELPERS)

check: all tests
	$(Q)tests/run lint unit cli live

check-unit: tests
	$(Q)tests/run unit

check-cli: all
	$(Q)tests/run cli

check-live: all $(HELPERS)
	$(Q)tests/run live

vm: all tests
	$(Q)tests/run vm

demo: all
	$(Q)./coldpress study --demo

bench: all benches
	$(Q)bench/run

lint: all
	$(Q)tests/run lint

format:
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

# ---- man pages: OPTIONS, FIELDS and the like from the programs, what is written by hand from man/ -----------
MANS := $(patsubst %,$(B)/man/%.8,$(filter-out workload-gen,$(PROGRAMS)))
man: $(MANS)

$(B)/man/%.8: $(B)/bin/% $(wildcard man/*)
	@mkdir -p $(@D)
	$(call say,MAN)
	$(Q)$< --help=man > $@.generated
	$(Q)awk -f man/join.awk $(wildcard man/$*.mdoc) - < $@.generated > $@

# ---- docs/metrics.md: every field of every record that is declared -------------------------------------------
DOCUMENTED := coldpress compressor_monitor ram_pool workload $(PROBES)
docs: $(DOCUMENTED:%=$(B)/bin/%)
	$(Q)for p in $(DOCUMENTED); do printf '# %s\n\n' $$p; $(B)/bin/$$p --help=fields; echo; done > docs/metrics.md

# ---- install: the front door and the probes in bin, the rest behind `coldpress NAME` ------------------------
BINDIR     := $(DESTDIR)$(PREFIX)/bin
LIBEXECDIR := $(DESTDIR)$(PREFIX)/libexec/coldpress
MANDIR     := $(DESTDIR)$(PREFIX)/share/man/man8
COMPDIR    := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
BIN_INSTALL := $(PROBES) coldpress
LIBEXEC_INSTALL := $(filter-out $(BIN_INSTALL),$(PROGRAMS))
# Pages of programs that are not in PATH stand as coldpress-NAME, as they are called.
MAN_INSTALLED := $(BIN_INSTALL:%=%.8) $(patsubst %,coldpress-%.8,$(filter-out workload-gen,$(LIBEXEC_INSTALL)))

install: all man
	install -d $(BINDIR) $(LIBEXECDIR) $(MANDIR) $(COMPDIR)
	install -m 755 $(BIN_INSTALL:%=$(B)/bin/%) $(BINDIR)
	install -m 755 $(LIBEXEC_INSTALL:%=$(B)/bin/%) $(LIBEXECDIR)
	for page in $(MAN_INSTALLED); do install -m 644 $(B)/man/$${page#coldpress-} $(MANDIR)/$$page; done
	for name in $(BIN_INSTALL); do $(B)/bin/$$name --help=completion > $(COMPDIR)/$$name; done

uninstall:
	rm -f $(BIN_INSTALL:%=$(BINDIR)/%) $(MAN_INSTALLED:%=$(MANDIR)/%) $(BIN_INSTALL:%=$(COMPDIR)/%)
	rm -rf $(LIBEXECDIR)

clean:
	rm -rf $(B) $(LINKS)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
