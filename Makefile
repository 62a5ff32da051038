# Every step is one line here; the commands behind them explain themselves with --help.
# Variables: COMPETITION PIPELINES NAME OOF TEST FOLDS BUDGET WORKERS SCHEDULER GPU GPUS KERNEL STATUS NOTEBOOK PUSH ROWS SAMPLER SEED MESSAGE NOTE FILE FILES WAIT AGAIN TAG REFRESH
#            CHART DATA HIDDEN METRIC TARGET POSITIVE DATA_DIR RUNS_DIR DATABASE_URL KAGGLE_ENDPOINT PYTHON
# Kaggle's:  KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY; KAGGLE_CONFIG_DIR
# Of tests:  CI LONG DIGIT_RECOGNIZER_ZIP KAGGLE_TABLES PODIUM_TEST_POSTGRES PODIUM_KAGGLE_PYTHON SCREENSHOTS

PYTHON ?= python3
RUN := .venv/bin/python -m
PIP := $(RUN) pip install --quiet --disable-pip-version-check --no-deps --require-hashes
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup rehearse new download tune kernel blend submit vote queue scores add export results clean leaderboard practice describe config journal report explore app dashboard cluster worker test lint format soak bench

help: ## show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

setup: .venv/ready ## make .venv from requirements.lock, where it is missing or out of date (PYTHON=python3.12)

rehearse: setup ## the whole way on this machine, without an account (COMPETITION=wine; DATA=zip METRIC=rmse; DATA=csv TARGET=column METRIC=auc; HIDDEN=1000; KERNEL=1)
	@$(RUN) app rehearse $(if $(KERNEL),--kernel)

new: setup ## draft the TOML file of a competition of tables (COMPETITION=slug; without an account DATA=zip METRIC=auc; TARGET, POSITIVE; AGAIN=1)
	@$(RUN) competition new $(if $(AGAIN),--force)

download: setup ## bring the competition's files from Kaggle (REFRESH=1: again, to see what changed there)
	@$(RUN) competition download $(if $(REFRESH),--refresh)

tune: setup ## tune the pipelines for a time and blend them; run it again to go on (PIPELINES="knn linear", BUDGET=2h, WORKERS, SCHEDULER, ROWS, SAMPLER, SEED; NOTIFY=https://hook is told its end)
	@$(RUN) pipelines tune

kernel: setup ## tune on Kaggle's machines and merge the columns; again: take it up (BUDGET=2h, PIPELINES, SEED, ROWS, GPU=1, STATUS=1; NOTEBOOK=1, PUSH=1: a readable one of the blend)
	@$(RUN) submissions kernel $(if $(GPU),--gpu) $(if $(STATUS),--status) $(if $(NOTEBOOK),--notebook) $(if $(PUSH),--push)

blend: setup ## blend what was tuned, to look at it before it is sent (PIPELINES="knn linear")
	@$(RUN) pipelines blend

submit: setup ## check and upload the blend of all that was tuned, or FILE, exactly once (MESSAGE=text, WAIT=1, AGAIN=1, TAG=1; GPU=1 for a script)
	@$(RUN) submissions submit $(if $(FILE),"$(FILE)") $(if $(WAIT),--wait) $(if $(AGAIN),--again) $(if $(TAG),--tag) $(if $(GPU),--gpu)

vote: setup ## make one submission of several by a vote (FILES="a.csv b.csv c.csv")
	@$(RUN) submissions vote $(FILES)

queue: setup ## checked files that wait for the days to come, best estimate first
	@$(RUN) submissions queue

scores: setup ## every submission: its estimate beside its public score, and a verdict (CHART=1; REFRESH=1: look at Kaggle's list)
	@$(RUN) submissions scores $(if $(CHART),--chart) $(if $(REFRESH),--refresh)

add: setup ## check a teammate's predictions for leaks, and put them into the blend (NAME=word OOF=csv TEST=csv FOLDS=csv)
	@$(RUN) pipelines add $(NAME) --oof "$(OOF)" --test "$(TEST)" $(if $(FOLDS),--folds "$(FOLDS)")

export: setup ## write predictions as CSV files for a teammate (NAME=pipeline; the blend if none is named)
	@$(RUN) pipelines export $(NAME)

results: setup ## what was tuned so far, best first
	@$(RUN) pipelines results

clean: setup ## delete the fits that neither the blend nor a further tuning needs
	@$(RUN) pipelines clean

leaderboard: setup ## the public leaderboard
	@$(RUN) competition leaderboard

config: setup ## each variable, its value, and whether the environment or podium.toml gave it
	@$(RUN) competition config

describe: setup ## what the competition asks, what of its data is here, and what came of each column of a table
	@$(RUN) competition describe

practice: setup ## serve a practice Kaggle until Ctrl-C (COMPETITION=wine; DATA=zip; KERNEL=1: run what is pushed)
	@$(RUN) competition practice $(if $(KERNEL),--kernels)

journal: setup ## a page of what was run, what changed, and what came of it
	@$(RUN) app journal

report: setup ## one page of all that was found: data, pipelines, tuning, blend, leaderboard
	@$(RUN) app report

explore: setup ## a page of the data alone, before anything is trained
	@$(RUN) app explore

cluster: setup ## a Dask cluster on this machine until Ctrl-C, for make tune SCHEDULER=... (WORKERS=4)
	@$(RUN) pipelines cluster

worker: setup ## fit for a cluster elsewhere until Ctrl-C (SCHEDULER=tcp://host:8786, WORKERS=4, GPUS=1)
	@$(RUN) pipelines worker

app: setup ## a page to draw digits on and have them read
	@$(RUN) app draw

dashboard: setup ## Optuna's dashboard on the studies, also while they run
	@$(RUN) app dashboard

test: setup ## run the tests; with CI=true the slow ones too, with LONG=1 the long ones alone
	@PYTHONDONTWRITEBYTECODE= $(RUN) pytest -n auto --dist worksteal -m "$(if $(LONG),long,not long$(if $(filter true,$(CI)),, and not slow))"

lint: setup ## ruff and mypy --strict
	@$(RUN) ruff check . && $(RUN) ruff format --check . && $(RUN) mypy

format: setup ## let ruff fix what it can
	@$(RUN) ruff check --fix . && $(RUN) ruff format .

soak: setup ## the fault suite's long run (15 minutes); with DATA=zip, half an hour of killing a cluster
	@$(RUN) benchmarks.chain.soak
	@$(if $(DATA),$(RUN) benchmarks.chain.chaos "$(DATA)")

bench: setup ## measure docs/performance.md's claims of speed (DATA=zip for those about reading it)
	@$(RUN) benchmarks.images.train_speed
	@$(RUN) benchmarks.chain.submission_speed
	@$(if $(DATA),$(RUN) benchmarks.read_data "$(DATA)")

.venv/ready: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Podium needs Python 3.11, 3.12 or 3.13, for which TensorFlow is built: name one, as in make setup PYTHON=python3.12")'
	@echo "Making .venv from requirements.lock (once; minutes if the line is slow)"
	@$(PYTHON) -m venv .venv
	@{ sed -n '/^uv==/,/# via/p' requirements.lock | $(PIP) -r /dev/stdin && \
	   .venv/bin/uv pip install --quiet --compile-bytecode --python .venv/bin/python --no-deps --require-hashes -r requirements.lock; } || \
	   $(PIP) -r requirements.lock # as where only pip knows the way to a mirror
	@touch $@
