"""Names for the array types that pass between the layers."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
Classes: TypeAlias = NDArray[np.uint16]
CodePoints: TypeAlias = NDArray[np.uint32]
Codes: TypeAlias = NDArray[np.uint32]
Codebook: TypeAlias = NDArray[np.int16]
Ints: TypeAlias = NDArray[np.int32]
Keys: TypeAlias = NDArray[np.uint64]
Floats: TypeAlias = NDArray[np.float32]
