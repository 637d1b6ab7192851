"""Real engines, on this machine: what they make of a table is what one process makes of it."""

from __future__ import annotations

import doctest
import gzip
import json
import os
import pickle
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime, timezone
from importlib import import_module
from importlib.util import find_spec
from operator import itemgetter
from pathlib import Path

import pytest

import majuscule
from majuscule import flatten, tables
from majuscule.errors import DataError, MajusculeError
from majuscule.integrations import unfinished
from majuscule.restorer import Restorer

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

ROOT = Path(__file__).parents[1]
DATA = Path(__file__).parent / "data"
NULL = "expected text, got null"


# What is restored -----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def tiny_file(tiny, tmp_path_factory):
    """The tiny model where workers find it."""
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    tiny.save(path)
    return str(path)


def texts(count):
    lines = (DATA / "tiny.txt").read_text(encoding="utf-8").splitlines()
    flat = [flatten(line) for line in lines if line]
    return [f"{flat[i % len(flat)]}\n{flat[i * 7 % len(flat)]}" for i in range(count)]


def table_of(count, first=0, *, bad=()):
    """Texts in two columns, one of them in a struct, among columns of other types."""
    some = texts(count)
    rows = [
        {
            "id": first + i,
            "text": None if i in bad else some[i],
            "score": None if i % 3 else i / 7,
            "meta": {"title": some[-i], "n": i},
            "tags": ["a", "b\u00e9"][: i % 3],
            "raw": b"\xff\x00" * (i % 2),
            "when": datetime(2020, 1, 1 + i % 28, tzinfo=timezone.utc),
        }
        for i in range(count)
    ]
    schema = pa.schema(
        {
            "id": pa.int64(),
            "text": pa.string(),
            "score": pa.float64(),
            "meta": pa.struct({"title": pa.string(), "n": pa.int32()}),
            "tags": pa.list_(pa.string()),
            "raw": pa.binary(),
            "when": pa.timestamp("us", "UTC"),
        }
    )
    return pa.Table.from_pylist(rows, schema)


COLUMNS = ["text", "meta.title"]


def alone(table, tiny_file, columns=COLUMNS, on_error="fail", **options):
    """What a single process makes of it."""
    restorer = Restorer(tiny_file, **{"document": "file", **options})
    return tables.restore(table.combine_chunks(), columns, restorer, on_error=on_error)


def same(found, expected):
    assert found.schema.names == expected.schema.names
    assert found.cast(expected.schema).combine_chunks().equals(expected.combine_chunks())


def test_there_is_something_to_restore(tiny_file):
    table = table_of(20)
    after = alone(table, tiny_file)
    for change in (
        (after["text"], table["text"]),
        (
            after["meta"].combine_chunks().field(0),
            table["meta"].combine_chunks().field(0),
        ),
    ):
        pairs = zip(*(some.to_pylist() for some in change), strict=True)
        assert sum(new != old for new, old in pairs) > 10


@pytest.fixture(scope="session")
def workplace(tmp_path_factory):
    """The folder that the engines work in, and that relative names are relative to."""
    return tmp_path_factory.mktemp("workplace")


# Ray ------------------------------------------------------------------------------------------

# It sets its own settings that it has given up.
WITH_RAY = "ignore:.* is deprecated:DeprecationWarning:ray.data.context"

RAY = {
    "num_cpus": 2,
    "include_dashboard": False,
    "object_store_memory": 80_000_000,
    "log_to_driver": False,
    "logging_level": "ERROR",
    "_node_ip_address": "127.0.0.1",
}


@pytest.fixture(scope="session")
def ray(workplace):
    with pytest.MonkeyPatch.context() as patch:
        # Else one is made and left in the home of whoever runs this.
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        if not find_spec("aiohttp"):
            # Without it two threads of its newer reader may meet at an import that fails, and
            # then one of them does not see why it did.
            patch.setenv("RAY_DATA_USE_DATASOURCE_V2", "0")
        ray = pytest.importorskip("ray")
        pytest.importorskip("ray.data")
        with pytest.MonkeyPatch.context() as there:
            there.chdir(workplace)
            ray.init(**RAY)
        ray.data.DataContext.get_current().enable_progress_bars = False
        yield ray
        ray.shutdown()


# Spark ----------------------------------------------------------------------------------------

# Its makers have not tried it with pandas 3; here it is tried.
WITH_SPARK = "ignore:PySpark does not yet fully support pandas:FutureWarning"

SPARK = (
    "--master local[2] --driver-memory 512m --conf spark.ui.enabled=false"
    " --conf spark.driver.bindAddress=127.0.0.1 --conf spark.driver.host=127.0.0.1"
    " --conf spark.ui.showConsoleProgress=false --conf spark.sql.session.timeZone=UTC pyspark-shell"
)


@pytest.fixture(scope="session")
def spark(workplace):
    sql = pytest.importorskip("pyspark.sql")
    if not shutil.which("java"):
        pytest.skip("could not find java, which Spark needs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(workplace)
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("PYSPARK_SUBMIT_ARGS", SPARK)
        spark = sql.SparkSession.builder.getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    yield spark
    spark.stop()


@pytest.mark.filterwarnings(WITH_RAY)
class TestRay:
    def dataset(self, ray, table, parts=4):
        size = -(-len(table) // parts)
        return ray.data.from_arrow([table.slice(i, size) for i in range(0, len(table), size)])

    def computed(self, ray, ds):
        return pa.concat_tables(ray.get(ds.to_arrow_refs()))

    def test_a_dataset(self, ray, tiny_file):
        from majuscule.integrations.ray import restore

        table = table_of(50)
        ds = restore(self.dataset(ray, table), COLUMNS, source=tiny_file, style="news")
        same(self.computed(ray, ds), alone(table, tiny_file, style="news"))

    @pytest.mark.model
    def test_a_second_stage(self, ray):
        from majuscule.integrations.ray import restore

        pytest.importorskip("onnxruntime")
        table = table_of(50)
        ds = restore(self.dataset(ray, table), COLUMNS, effort="best")
        same(self.computed(ray, ds), alone(table, None, effort="best"))

    @pytest.mark.parametrize("on_error", ["skip", "keep"])
    def test_bad_rows(self, ray, tiny_file, on_error):
        from majuscule.integrations.ray import restore

        table = table_of(20, bad={0, 1, 2, 3, 4, 12})
        ds = restore(self.dataset(ray, table), COLUMNS, source=tiny_file, on_error=on_error)
        same(self.computed(ray, ds), alone(table, tiny_file, on_error=on_error))

    def test_the_error_of_a_row(self, ray, tiny_file):
        from majuscule.integrations.ray import restore

        ds = restore(self.dataset(ray, table_of(20, bad={12})), COLUMNS, source=tiny_file)
        with pytest.raises(Exception, match=f"row 3 of 5, id 12: column 'text': {NULL}"):
            ds.materialize()

    def test_rows_stay_in_their_order(self, ray, tiny_file, tmp_path):
        from majuscule.integrations.ray import restore

        def last(table):
            """Let the first part be done after all others."""
            number = table["id"][0].as_py()
            (tmp_path / str(number)).touch()
            while number == 0 and len(list(tmp_path.iterdir())) < 4:
                time.sleep(0.01)
            return table

        parts = [pa.table({"id": [i], "text": texts(1)}) for i in range(4)]
        ds = ray.data.from_arrow(parts).map_batches(last, batch_format="pyarrow")
        batches = restore(ds, ["text"], source=tiny_file).iter_batches(
            batch_size=None, batch_format="pyarrow"
        )
        assert [batch["id"][0].as_py() for batch in batches] == [0, 1, 2, 3]

    def test_a_worker_refuses_another_model(self, ray, tiny, tmp_path):
        from majuscule.integrations.ray import restore

        tiny.save(tmp_path / "model.safetensors")
        table = table_of(5)
        ds = restore(self.dataset(ray, table), ["text"], source=tmp_path / "model.safetensors")
        shutil.copy(
            Path(majuscule.__file__).parent / "data" / "en.safetensors",
            tmp_path / "model.safetensors",
        )
        with pytest.raises(Exception, match=rf"expected the model {tiny.hash}, got \w+;"):
            ds.materialize()


@pytest.mark.filterwarnings(WITH_SPARK)
class TestSpark:
    def frame(self, spark, table, folder, parts=4):
        size = -(-len(table) // parts)
        for i in range(0, len(table), size):
            pq.write_table(table.slice(i, size), folder / f"{i:05}.parquet")
        return spark.read.option("spark.sql.files.maxPartitionBytes", 1).parquet(str(folder))

    def test_a_frame(self, spark, tiny_file, tmp_path):
        from majuscule.integrations.spark import restore

        table = table_of(50)
        df = self.frame(spark, table, tmp_path)
        after = restore(df, COLUMNS, source=tiny_file, style="news")
        assert after.schema == df.schema
        same(after.orderBy("id").toArrow(), alone(table, tiny_file, style="news"))

    @pytest.mark.model
    def test_a_second_stage(self, spark, tmp_path):
        from majuscule.integrations.spark import restore

        pytest.importorskip("onnxruntime")
        table = table_of(50)
        after = restore(self.frame(spark, table, tmp_path), COLUMNS, effort="best")
        same(after.orderBy("id").toArrow(), alone(table, None, effort="best"))

    @pytest.mark.parametrize("on_error", ["skip", "keep"])
    def test_bad_rows(self, spark, tiny_file, tmp_path, on_error):
        from majuscule.integrations.spark import restore

        table = table_of(20, bad={0, 1, 2, 3, 4, 12})
        df = self.frame(spark, table, tmp_path)
        after = restore(df, COLUMNS, source=tiny_file, on_error=on_error)
        same(after.orderBy("id").toArrow(), alone(table, tiny_file, on_error=on_error))

    def test_the_error_of_a_row(self, spark, tiny_file, tmp_path):
        from majuscule.integrations.spark import restore

        df = self.frame(spark, table_of(20, bad={12}), tmp_path)
        where = r"partition \d, after \d+ rows: row \d+ of \d+, id 12"
        with pytest.raises(Exception, match=f"{where}: column 'text': {NULL}"):
            restore(df, COLUMNS, source=tiny_file).collect()

    def test_columns_are_looked_for_at_once(self, spark, tiny_file):
        from majuscule.integrations.spark import restore

        df = spark.createDataFrame(
            [(1, "a", ("b",))], "id long, text string, meta struct<b:string>"
        )
        for column, found in (
            ("txt", "none"),
            ("id", "bigint"),
            ("meta.c", "none"),
            ("text.b", "none"),
        ):
            with pytest.raises(
                DataError, match=f"^column '{column}': expected strings, found {found};"
            ):
                restore(df, ["text", column], source=tiny_file)

    def test_a_function_of_a_column(self, spark, tiny_file):
        from majuscule.integrations.spark import udf

        table = table_of(20, bad={7}).select(["id", "text"])
        df = spark.createDataFrame(table.to_pylist(), "id long, text string")
        after = df.withColumn("text", udf(source=tiny_file, on_error="keep")("text"))
        same(after.orderBy("id").toArrow(), alone(table, tiny_file, ["text"], "keep"))
        with pytest.raises(Exception, match=rf"partition \d: row \d+ of \d+: column '.*': {NULL}"):
            df.withColumn("text", udf(source=tiny_file)("text")).collect()
        with pytest.raises(MajusculeError, match="fail or keep for a column alone, got 'skip'"):
            udf(on_error="skip")


# Hugging Face datasets ------------------------------------------------------------------------


@pytest.fixture
def datasets(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()
    return datasets


class TestHuggingFace:
    def on_disk(self, datasets, table, folder):
        features = datasets.Features.from_arrow_schema(table.schema)
        datasets.Dataset(table, datasets.DatasetInfo(features=features)).save_to_disk(
            folder / "set"
        )
        return datasets.load_from_disk(folder / "set")

    @pytest.mark.parametrize("form", ["arrow", None])
    @pytest.mark.parametrize("on_error", ["skip", "keep"])
    def test_a_dataset(self, datasets, tiny_file, tmp_path, form, on_error):
        from majuscule.integrations.huggingface import mapper

        table = table_of(30, bad={0, 1, 2, 12})
        dataset = self.on_disk(datasets, table, tmp_path)
        restore = mapper(COLUMNS, source=tiny_file, on_error=on_error)
        after = dataset.with_format(form).map(restore, batched=True, batch_size=7)
        assert after.features == dataset.features
        same(after.with_format("arrow")[:], alone(table, tiny_file, on_error=on_error))

    @pytest.mark.parametrize("form", ["arrow", None])
    @pytest.mark.parametrize("on_error", ["skip", "keep"])
    def test_a_stream(self, datasets, tiny_file, tmp_path, form, on_error):
        from majuscule.integrations.huggingface import mapper

        table = table_of(30, bad={0, 1, 2, 12})
        dataset = self.on_disk(datasets, table, tmp_path).to_iterable_dataset(num_shards=3)
        restore = mapper(COLUMNS, source=tiny_file, on_error=on_error)
        after = dataset.with_format(form).map(
            restore, batched=True, batch_size=7, features=dataset.features
        )
        found = pa.Table.from_pylist(list(after.with_format(None)), table.schema)
        same(found, alone(table, tiny_file, on_error=on_error))

    def test_the_error_of_a_row(self, datasets, tiny_file, tmp_path):
        from majuscule.integrations.huggingface import mapper

        dataset = self.on_disk(datasets, table_of(20, bad={12}), tmp_path)
        for form in ("arrow", None):
            with pytest.raises(DataError, match=f"row 3 of 5, id 12: column 'text': {NULL}"):
                dataset.with_format(form).map(
                    mapper(COLUMNS, source=tiny_file), batched=True, batch_size=5
                )

    def test_several_processes(self, datasets, tiny_file, tmp_path):
        from majuscule.integrations.huggingface import mapper

        table = table_of(30)
        dataset = self.on_disk(datasets, table, tmp_path).with_format("arrow")
        after = dataset.map(mapper(COLUMNS, source=tiny_file), batched=True, num_proc=2)
        same(after[:], alone(table, tiny_file))

    @pytest.mark.model
    def test_a_second_stage(self, datasets, tmp_path):
        from majuscule.integrations.huggingface import mapper

        pytest.importorskip("onnxruntime")
        table = table_of(30)
        dataset = self.on_disk(datasets, table, tmp_path).with_format("arrow")
        after = dataset.map(mapper(COLUMNS, effort="best"), batched=True, num_proc=2)
        same(after[:], alone(table, None, effort="best"))

    def test_what_was_done_comes_from_the_cache(self, datasets, tiny_file, tmp_path, monkeypatch):
        from majuscule.integrations import huggingface

        dataset = self.on_disk(datasets, table_of(10), tmp_path).with_format("arrow")
        first = dataset.map(huggingface.mapper(COLUMNS, source=tiny_file), batched=True)
        monkeypatch.setattr(huggingface.Mapper, "__call__", None)  # it is not called again
        again = dataset.map(huggingface.mapper(COLUMNS, source=tiny_file), batched=True)
        assert again.cache_files == first.cache_files
        assert again[:].equals(first[:])
        with pytest.raises(TypeError):
            dataset.map(huggingface.mapper(COLUMNS, source=tiny_file, recase=True), batched=True)

    def test_the_fingerprint_is_the_same_in_every_process(self, datasets, tiny_file):
        code = """
import sys
from datasets.fingerprint import Hasher
from majuscule.integrations.huggingface import mapper
print(Hasher.hash(mapper(["text"], source=sys.argv[1], lexicon=["McGahn", "van Dam"])))
"""
        seen = set()
        for seed in "12":
            command = [sys.executable, "-c", code, tiny_file]
            env = {**os.environ, "PYTHONHASHSEED": seed}
            done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
            seen.add(done.stdout)
        assert len(seen) == 1


# Polars ---------------------------------------------------------------------------------------


class TestPolars:
    @pytest.fixture
    def pl(self):
        return pytest.importorskip("polars")

    @pytest.mark.parametrize("on_error", ["skip", "keep"])
    def test_a_frame(self, pl, tiny_file, on_error):
        from majuscule.integrations.polars import restore

        table = table_of(30, bad={0, 7})
        frame = pl.from_arrow(table)
        after = restore(frame, COLUMNS, source=tiny_file, on_error=on_error)
        assert after.schema == frame.schema
        same(after.to_arrow(), alone(table, tiny_file, on_error=on_error))
        assert frame.equals(pl.from_arrow(table))

    @pytest.mark.model
    def test_a_second_stage(self, pl):
        from majuscule.integrations.polars import restore

        pytest.importorskip("onnxruntime")
        table = table_of(30)
        after = restore(pl.from_arrow(table), COLUMNS, effort="best")
        same(after.to_arrow(), alone(table, None, effort="best"))

    def test_types_that_only_it_has(self, pl, tiny_file):
        from majuscule.integrations.polars import restore

        some = texts(3)
        frame = pl.DataFrame(
            {
                "id": pl.Series([object(), object(), object()], dtype=pl.Object),
                "text": pl.Series([some[0], None, some[0]], dtype=pl.Categorical),
                "kind": pl.Series(["a", "b", "a"], dtype=pl.Enum(["a", "b"])),
            }
        )
        after = restore(frame, ["text"], source=tiny_file, on_error="skip")
        assert after.schema == frame.schema
        restored = Restorer(tiny_file, document="file").restore(some[0])
        assert after["text"].to_list() == [restored, restored]
        assert after["id"].to_list() == [frame["id"][0], frame["id"][2]]
        assert after["kind"].to_list() == ["a", "a"]
        with pytest.raises(DataError, match="column 'kind': expected texts that may become others"):
            restore(frame, ["kind"], source=tiny_file)

    def test_what_is_refused(self, pl, tiny_file):
        from majuscule.integrations.polars import expression, restore

        frame = pl.from_arrow(table_of(20, bad={12}))
        with pytest.raises(DataError, match=f"row 13 of 20, id 12: column 'text': {NULL}"):
            restore(frame, COLUMNS, source=tiny_file)
        with pytest.raises(DataError, match=r"expected one column 'txt', found id \(int64\)"):
            restore(frame, ["txt"], source=tiny_file)
        with pytest.raises(MajusculeError, match="fail or keep for a column alone, got 'skip'"):
            expression("text", on_error="skip")
        with pytest.raises(Exception, match=rf"row \d+ of \d+: column 'text': {NULL}"):
            frame.lazy().select(expression("text", source=tiny_file)).collect()

    @pytest.mark.parametrize("engine", ["in-memory", "streaming"])
    def test_an_expression(self, pl, tiny_file, engine):
        from majuscule.integrations.polars import expression

        table = table_of(30, bad={0, 7})
        titles = pl.col("meta").struct.field("title")
        lazy = (
            pl.from_arrow(table)
            .lazy()
            .with_columns(
                expression("text", source=tiny_file, on_error="keep"),
                expression(titles, source=tiny_file).alias("title"),
            )
        )
        assert lazy.collect_schema()["title"] == pl.String
        after = lazy.collect(engine=engine)
        same(after.drop("title").to_arrow(), alone(table, tiny_file, ["text"], "keep"))
        restored = alone(table, tiny_file, ["meta.title"])["meta"].to_pylist()
        assert after["title"].to_list() == [meta["title"] for meta in restored]


# pandas ---------------------------------------------------------------------------------------


class TestPandas:
    @pytest.fixture
    def pd(self):
        return pytest.importorskip("pandas")

    @pytest.mark.parametrize("on_error", ["skip", "keep"])
    @pytest.mark.parametrize("arrow", [True, False])
    def test_a_frame(self, pd, tiny_file, arrow, on_error):
        from majuscule.integrations.pandas import restore

        table = table_of(30, bad={0, 7})
        frame = table.to_pandas(types_mapper=pd.ArrowDtype if arrow else None)
        frame.index = pd.Index([i // 2 for i in range(30)], name="twice")
        before = frame.copy()
        after = restore(frame, COLUMNS, source=tiny_file, on_error=on_error)
        assert list(after.dtypes) == list(frame.dtypes)
        found = pa.Table.from_pandas(after, table.schema, preserve_index=False)
        same(found, alone(table, tiny_file, on_error=on_error))
        gone = [0, 7] if on_error == "skip" else []
        assert list(after.index) == [i // 2 for i in range(30) if i not in gone]
        assert after.index.name == "twice"
        pd.testing.assert_frame_equal(frame, before)

    @pytest.mark.model
    def test_a_second_stage(self, pd):
        from majuscule.integrations.pandas import restore

        pytest.importorskip("onnxruntime")
        after = restore(pd.Series(texts(30)), effort="best")
        restorer = Restorer(document="file", effort="best")
        assert after.tolist() == restorer.restore_batch(texts(30))

    @pytest.mark.parametrize(
        "kind", ["object", "str", "string", "string[python]", "string[pyarrow]", "category"]
    )
    def test_a_series(self, pd, tiny_file, kind):
        from majuscule.integrations.pandas import restore

        some = [*texts(3), None, texts(1)[0]]
        series = pd.Series(some, index=[5, 5, 3, 2, 1], dtype=kind, name="text")
        restorer = Restorer(tiny_file, document="file")
        expected = [text and restorer.restore(text) for text in some]
        after = restore(series, source=tiny_file, on_error="keep")
        pd.testing.assert_series_equal(
            after, pd.Series(expected, index=series.index, dtype=after.dtype, name="text")
        )
        if kind != "category":
            assert after.dtype == series.dtype
        after = restore(series, source=tiny_file, on_error="skip")
        assert after.tolist() == [text for text in expected if text is not None]
        assert list(after.index) == [5, 5, 3, 1]
        with pytest.raises(DataError, match=f"row 4 of 5: column 'text': {NULL}"):
            restore(series, source=tiny_file)

    def test_categories_keep_their_order(self, pd, tiny_file):
        from majuscule.integrations.pandas import restore

        restorer = Restorer(tiny_file, document="file")
        some = texts(3)
        kind = pd.CategoricalDtype([some[2], some[0], "unused"], ordered=True)
        after = restore(pd.Series([some[0], some[2]], dtype=kind), source=tiny_file)
        assert list(after.dtype.categories) == [
            *map(restorer.restore, (some[2], some[0])),
            "unused",
        ]
        assert after.dtype.ordered

    def test_what_is_refused(self, pd, tiny_file):
        from majuscule.integrations.pandas import restore

        frame = pd.DataFrame({"id": [7, 8], "text": ["a", 5]})
        with pytest.raises(DataError, match=r"row 2 of 2, id 8: column 'text': .* got int;"):
            restore(frame, ["text"], source=tiny_file)
        with pytest.raises(DataError, match="expected a column 'txt', found id, text;"):
            restore(frame, ["txt"], source=tiny_file)
        with pytest.raises(MajusculeError, match="expected the columns of a frame"):
            restore(frame, source=tiny_file)
        with pytest.raises(MajusculeError, match="expected no columns of a series, got"):
            restore(frame["text"], ["text"], source=tiny_file)
        frame.columns = ["text", "text"]
        with pytest.raises(MajusculeError, match="columns with a name of their own"):
            restore(frame, ["text"], source=tiny_file)


# What no engine is needed for -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"columns": "text"}, "columns' names one by one"),
        ({"columns": ["a", "a"]}, "each once"),
        ({"on_error": "drop"}, "one of fail, skip, keep; got 'drop'"),
        ({"document": "page"}, "line, block or file, got 'page'"),
        ({"effort": "worst"}, "fast or best, got 'worst'"),
    ],
)
@pytest.mark.parametrize("engine", ["ray", "spark", "huggingface", "polars", "pandas"])
def test_what_makes_no_sense_is_refused_at_once(engine, arguments, message):
    """Before there are workers: what comes from a worker is hard to read."""
    module = import_module(f"majuscule.integrations.{engine}")
    data = () if engine == "huggingface" else (frame_of(engine),)
    call = getattr(module, "mapper" if engine == "huggingface" else "restore")
    with pytest.raises(MajusculeError, match=message):
        call(*data, **{"columns": ["text"], **arguments})


def frame_of(engine):
    """An empty table of an engine; of Ray and Spark nothing that is looked at."""
    if engine in ("ray", "spark"):
        return object()
    return pytest.importorskip(engine).DataFrame({"text": []})


def test_a_restorer_of_a_model_in_memory_cannot_travel(tiny):
    from majuscule.integrations.huggingface import mapper

    with pytest.raises(MajusculeError, match="expected a restorer of model files"):
        pickle.dumps(mapper(["text"], source=tiny))


# Files, and what is left of work that was stopped ---------------------------------------------


def test_work_that_was_stopped_goes_on(tmp_path):
    log = tmp_path / "log"
    work = unfinished("abcde", log, at_once=2)
    assert next(work) == ("00000", ["a", "b"])
    assert not log.exists()  # they are not done before the next are asked for
    assert next(work) == ("00001", ["c", "d"])
    work.close()
    # The files that were being worked on come under the same name again, new ones or not.
    assert next(unfinished("0abcde", log, at_once=3)) == ("00001", ["0", "c", "d"])
    assert list(unfinished("abcde", log)) == [("00001", ["c", "d", "e"])]
    assert list(unfinished("abcde", log)) == []
    assert list(unfinished([Path("f"), "a"], log)) == [("00002", ["f"])]


@pytest.mark.parametrize("rest", [1, 2, 5])
def test_a_log_that_was_not_written_to_its_end(tmp_path, rest):
    log = tmp_path / "log"
    assert len(list(unfinished("abc", log, at_once=1))) == 3
    whole = log.read_bytes()
    log.write_bytes(whole[:-rest])
    assert list(unfinished("abc", log)) == [("00002", ["c"])]
    assert log.read_bytes() == whole


def blocks():
    """The examples of the document, by the headings and lines that they stand under."""
    text = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")
    found = {}
    for match in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        before = text[: match.start()].rstrip().splitlines()
        heading = next(line for line in reversed(before) if line.startswith("## "))[3:]
        if heading in found or heading.startswith("Going on"):
            heading = before[-1]
        found[heading] = match[1]
    return found


BLOCKS = blocks()
GOING_ON = {
    "ray": BLOCKS.pop("With Ray, from JSON Lines:"),
    "spark": BLOCKS.pop("With Spark, from Parquet:"),
}


@pytest.fixture
def files(workplace, monkeypatch):
    """The files that the document speaks of; the examples run where they are."""
    monkeypatch.chdir(workplace)
    for folder in ("corpus", "lines"):
        (workplace / folder).mkdir()
    sizes = [20, 30, 5, 40, 20000, 10, 10]  # the fifth takes a while
    for i, size in enumerate(sizes):
        table = table_of(size, sum(sizes[:i]), bad={1, 3}).select(["id", "text"])
        pq.write_table(table, workplace / "corpus" / f"{i}.parquet")
        with gzip.open(workplace / "lines" / f"{i}.jsonl.gz", "wt", compresslevel=1) as file:
            file.writelines(json.dumps(row) + "\n" for row in table.to_pylist())
    yield workplace
    for path in workplace.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def rows_of(folder):
    """All rows of all files below a folder, in the order of their names."""
    rows = []
    for path in sorted(folder.rglob("[!._]*.*")):
        if path.suffix == ".parquet":
            rows += pq.read_table(path, partitioning=None).to_pylist()
        else:
            data = path.read_bytes()
            lines = (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()
            rows += [{"text": None, **json.loads(line)} for line in lines]
    return rows


def restored_rows(rows, on_error, restorer):
    batch = pa.Table.from_pylist(rows)
    return tables.restore(batch, ["text"], restorer, on_error=on_error).to_pylist()


@pytest.mark.model
class TestDocument:
    """What docs/cluster.md says, word by word, with the shipped model."""

    def run(self, heading, files):
        names = {}
        exec(compile(BLOCKS[heading], f"docs/cluster.md, {heading}", "exec"), names)  # noqa: S102 - ours
        return names

    def expected(self, files, on_error):
        return restored_rows(rows_of(files / "corpus"), on_error, Restorer(document="file"))

    @pytest.mark.parametrize("engine", ["ray", "spark", "huggingface", "polars", "pandas"])
    def test_examples_of_the_modules(self, engine):
        if engine in ("polars", "pandas"):
            pytest.importorskip(engine)
        failed, _ = doctest.testmod(import_module(f"majuscule.integrations.{engine}"))
        assert failed == 0

    def test_no_example_is_left_out(self):
        assert set(BLOCKS) == {"Ray Data", "Spark", "Hugging Face datasets", "Polars", "pandas"}

    @pytest.mark.usefixtures("ray")
    @pytest.mark.filterwarnings(WITH_RAY)
    def test_ray(self, files):
        self.run("Ray Data", files)
        # Its writer has several threads, which do not keep to the order within a file.
        found = sorted(rows_of(files / "restored-by-ray"), key=itemgetter("id"))
        assert found == self.expected(files, "keep")

    @pytest.mark.usefixtures("spark")
    @pytest.mark.filterwarnings(WITH_SPARK)
    def test_spark(self, files, capfd):
        self.run("Spark", files)
        found = sorted(rows_of(files / "restored-by-spark"), key=itemgetter("id"))
        assert found == self.expected(files, "skip")
        assert "|Harbour Town open" in capfd.readouterr().out

    def test_hugging_face(self, files, datasets):
        names = self.run("Hugging Face datasets", files)
        expected = self.expected(files, "skip")
        assert names["restored"].with_format(None).to_list() == expected
        assert list(names["streamed"]) == expected

    def test_polars(self, files):
        pytest.importorskip("polars")
        names = self.run("Polars", files)
        assert names["frame"].rows(named=True) == self.expected(files, "skip")
        found = pq.read_table(files / "restored-by-polars.parquet").to_pylist()
        assert found == self.expected(files, "keep")

    def test_pandas(self, files):
        pytest.importorskip("pandas")
        names = self.run("pandas", files)
        assert names["frame"].to_dict("records") == self.expected(files, "skip")
        assert names["texts"].tolist() == ["NATO met in Paris."]


# Killed, and run again ------------------------------------------------------------------------

BEGINNING = {
    "ray": f"import ray\nray.init(**{RAY!r})\n",
    "spark": "",
}


def processes_of(session):
    """The processes of a session that have not come to their end."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # gone by now
            # Behind the name, which may hold anything, stands the state.
            state = path.read_text().rpartition(")")[2].split()[0]
            if state != "Z" and os.getsid(int(path.parent.name)) == session:
                found.append(int(path.parent.name))
    return found


def killed_half_way(code, files):
    """Run code in a process of its own, and kill that while it writes the third part."""
    env = {
        **os.environ,
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_SUBMIT_ARGS": SPARK,
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, "-c", code]
    with (files / "said").open("wb") as said:
        process = subprocess.Popen(
            command, cwd=files, env=env, stdout=said, stderr=said, start_new_session=True
        )
        end = time.monotonic() + 60
        try:
            while not (files / "restored" / "00002").exists():
                assert process.poll() is None, (files / "said").read_text()
                assert time.monotonic() < end, (files / "said").read_text()
                time.sleep(0.002)  # not to keep it from its work
        finally:
            # And all that it started, as if the machine had failed.
            while left := processes_of(process.pid):
                for pid in left:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                process.poll()
                time.sleep(0.01)
            process.wait()
    assert process.returncode == -signal.SIGKILL


def snapshot(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("form", ["json", "parquet"])
@pytest.mark.parametrize(
    "engine",
    [
        pytest.param("ray", marks=pytest.mark.filterwarnings(WITH_RAY)),
        pytest.param("spark", marks=pytest.mark.filterwarnings(WITH_SPARK)),
    ],
)
def test_what_was_killed_goes_on(engine, form, files, tiny_file, request):
    """What docs/cluster.md says about it, also with the other kind of files."""
    request.getfixturevalue(engine)
    code = GOING_ON[engine]
    folder, pattern = {"json": ("lines", "*.jsonl.gz"), "parquet": ("corpus", "*.parquet")}[form]
    code = re.sub(r'Path\(".*?"\).glob\(".*?"\)', f'Path("{folder}").glob("{pattern}")', code)
    if engine == "spark" and form == "json":
        code = code.replace("(*some)", "(some)")  # one list for it
    code = re.sub("read_(json|parquet)", f"read_{form}", code)
    code = re.sub("read[.](json|parquet)", f"read.{form}", code)
    code = re.sub("write([._])(json|parquet)", rf"write\1{form}", code)
    code = code.replace("on_error=", f"source={tiny_file!r}, on_error=")
    killed_half_way(BEGINNING[engine] + code, files)
    log = files / "restored.log"
    assert [len(json.loads(line)) for line in log.read_text().splitlines()] == [2, 2]
    before = {name: snapshot(files / "restored" / name) for name in ("00000", "00001")}
    exec(compile(code, "docs/cluster.md", "exec"), {})  # noqa: S102 - ours
    assert [len(json.loads(line)) for line in log.read_text().splitlines()] == [2, 2, 2, 1]
    for name, then in before.items():
        assert snapshot(files / "restored" / name) == then
    found = sorted(rows_of(files / "restored"), key=itemgetter("id"))
    restorer = Restorer(tiny_file, document="file")
    assert found == restored_rows(rows_of(files / folder), "keep", restorer)
