import numpy as np
from numpy.typing import NDArray

def fresh() -> NDArray[np.int64]: ...
def evidence(
    low: NDArray[np.uint32],
    start: NDArray[np.int32],
    end: NDArray[np.int32],
    kind: NDArray[np.uint8],
    case: NDArray[np.uint8],
    glue: NDArray[np.uint8],
    line: NDArray[np.int32],
    standing: NDArray[np.uint8],
    begin: NDArray[np.uint8],
    state: NDArray[np.int64],
) -> NDArray[np.int32]: ...
def by_itself(rows: NDArray[np.int32]) -> NDArray[np.uint8]: ...
def judge(
    rows: NDArray[np.int32],
    begins: NDArray[np.uint8],
    old: int,
    alone: bool,
    window: int,
    final: bool,
    state: NDArray[np.int64],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]: ...
def judge_each(
    rows: NDArray[np.int32],
    begins: NDArray[np.uint8],
    first: NDArray[np.int64],
    alone: bool,
    window: int,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]: ...
def begun(naturally: bool) -> NDArray[np.int64]: ...
def begins_naturally(
    rows: NDArray[np.int32], window: int, final: bool, state: NDArray[np.int64]
) -> bool | None: ...
