"""Networks: which precision, which layers, the compiled training loop, and the estimator."""

import os
import platform

# TensorFlow asks oneDNN for convolutions by itself only where the processor has AVX512-VNNI or
# better. With AVX2 alone it is some 1.7 times faster too. TensorFlow reads this when it is loaded.
if platform.machine().lower() in ("x86_64", "amd64"):
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
