"""The compiled kernels; everything else is in pyproject.toml.

``MAJUSCULE_CHECKED=1`` builds them with every array access checked, for the tests.
"""

import os
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

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
    )
)
