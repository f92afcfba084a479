#!/usr/bin/env bash
# The peers' own environment: Keras on torch, LightGBM. Usage: bench/peers.sh, then .bench-env/bin/python bench/peers.py
set -euo pipefail
cd "$(dirname "$0")/.."
test -d .bench-env || python3 -m venv .bench-env
.bench-env/bin/python -m pip install -q -c constraints.txt torch==2.13.0
.bench-env/bin/python -m pip install -q -c constraints.txt -e . "keras>=3.5,<4" "lightgbm>=4.5,<5" "pandas>=2.2" "pyarrow>=17"
