"""The kernels built for tests check every array access; this shows that they do."""

from __future__ import annotations

import os

import numpy as np
import pytest

from majuscule import _model


@pytest.mark.skipif(
    os.environ.get("MAJUSCULE_CHECKED") != "1", reason="only the checked build of `make checked`"
)
def test_reading_past_an_array_is_an_error():
    ids = np.ones(1, dtype=np.uint64)
    beyond = np.array([0, 2], dtype=np.int32)
    table = np.zeros((1, 16), dtype=np.uint32)
    codebook = np.zeros((4096, 4), dtype=np.int16)
    with pytest.raises(IndexError):
        _model.score(ids, beyond, beyond[:1], table, codebook)
