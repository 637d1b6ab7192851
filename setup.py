"""The compiled kernels, the manual and completion; everything else is in pyproject.toml.

``MAJUSCULE_CHECKED=1`` builds them with every array access checked, for the tests.
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

COMPLETION = "src/majuscule/data/completion"
CHECKED = os.environ.get("MAJUSCULE_CHECKED") == "1"

setup(
    ext_modules=cythonize(
        [
            Extension(
                f"majuscule.{path.stem}",
                [path.as_posix()],
                extra_compile_args=[] if os.name == "nt" else ["-O3", "-fno-math-errno"],
            )
            for path in sorted(Path("src/majuscule").glob("*.pyx"))
        ],
        compiler_directives={"boundscheck": CHECKED},
        build_dir="build/checked" if CHECKED else "build/cython",
    ),
    # Where man and the shells look, below wherever the package is installed to.
    data_files=[
        ("share/man/man1", sorted(path.as_posix() for path in Path("share/man/man1").iterdir())),
        ("share/bash-completion/completions", [f"{COMPLETION}/majuscule"]),
        ("share/zsh/site-functions", [f"{COMPLETION}/_majuscule"]),
        ("share/fish/vendor_completions.d", [f"{COMPLETION}/majuscule.fish"]),
    ],
)
