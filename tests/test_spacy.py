"""spaCy's pipelines with majuscule in them: real ones, of rules or trained in a second."""

from __future__ import annotations

import doctest
import json
import pickle
import random
import subprocess
import sys
from importlib.metadata import entry_points
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import documents, texts

import majuscule
from majuscule import flatten
from majuscule.errors import MajusculeError, ModelError
from majuscule.restorer import Restorer

spacy = pytest.importorskip("spacy")

from spacy.language import Language  # noqa: E402 - there may be no spaCy
from spacy.tokens import Doc, DocBin, Span, Token  # noqa: E402 - as above
from spacy.training import Example  # noqa: E402 - as above
from spacy.util import fix_random_seed  # noqa: E402 - as above

from majuscule.integrations import spacy as ours  # noqa: E402 - as above

TEXTS = [
    "he met angela merkel in new york , but she did n't say so .",
    "mr. o'brien 's plan -lrb- for the u.s.-led coalition -rrb- ca n't wait .",
    "`` it &apos;s tokyo @-@ style ramen , '' she said .\n\nthen it rained .",
    "😀 i ❤️ new york ! 😀",
    "Natural text, which Mr. Smith wrote, stays as it is.",
    "THE U.S. SENATE , IT SAID , WON 'T VOTE .",
    "a  b \t c\u00a0d , e\r\nf .\n",
    "",
    " ",
    " \n\t ",
]


def pipeline(model, **config):
    """A pipeline that restores, with a model that is in a file."""
    nlp = spacy.blank("en")
    nlp.add_pipe("majuscule", first=True, config={"source": str(model), **config})
    return nlp


@pytest.fixture(scope="module")
def model(tiny, tmp_path_factory):
    """The tiny model in a file that stays."""
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    tiny.save(path)
    return path


@pytest.fixture(scope="module")
def nlp(model):
    """A pipeline of which nothing is changed."""
    return pipeline(model)


def facts(doc):
    """What a document says of itself and of all its tokens."""
    tokens = [(token.text, token.whitespace_, token._.offsets) for token in doc]
    return doc.text, doc._.flattened, tokens


def letters(text):
    return "".join(text.split()).lower()


# Finding it -----------------------------------------------------------------------------------


def test_spacy_finds_the_factory():
    (found,) = entry_points(group="spacy_factories", name="majuscule")
    assert found.load() is ours.component
    assert spacy.blank("en").has_factory("majuscule")
    assert spacy.blank("xx").has_factory("majuscule")


@pytest.mark.model
def test_documented_examples():
    assert doctest.testmod(ours).failed == 0
    page = Path(__file__).parents[1] / "docs" / "spacy.md"
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert tried > 10
    assert failed == 0


def test_the_defaults_are_those_of_the_library(nlp):
    meta = nlp.get_factory_meta("majuscule")
    assert meta.retokenizes
    assert meta.default_config == {
        "source": None,
        "document": "file",
        **{
            name: list(value) if isinstance(value, tuple) else value
            for name, value in Restorer().options.items()
            if name != "document"
        },
    }
    assert not nlp.analyze_pipes()["problems"]["majuscule"]


# What comes out -------------------------------------------------------------------------------


@pytest.mark.parametrize("text", TEXTS)
def test_a_document_is_what_the_tokenizer_makes_of_the_restored_text(nlp, model, text):
    doc = nlp(text)
    wanted = spacy.blank("en")(Restorer(str(model), document="file").restore(text))
    assert doc.text == wanted.text
    assert doc._.flattened == text
    for token, same in zip(doc, wanted, strict=True):
        for name in ("text", "norm_", "shape_", "prefix_", "suffix_", "lower_", "whitespace_"):
            assert getattr(token, name) == getattr(same, name)


@pytest.mark.parametrize("text", TEXTS)
def test_tokens_know_where_they_stood(nlp, text):
    end = 0
    for token in nlp(text):
        first, last = token._.offsets
        assert end <= first <= last <= len(text)
        assert not text[end:first].strip()  # nothing but blanks belongs to no token
        end = last
        assert token._.original == text[first:last]
        between = majuscule.text.unescape(f"x {token._.original} x")
        assert letters(between)[1:-1] == letters(token.text)
    assert not text[end:].strip()


def test_offsets_hold_for_what_is_cut_from_a_word_and_for_escapes(nlp):
    doc = nlp("it isn &apos;t tokyo @-@ style -lrb- `` ramen '' -rrb- .")
    assert [(token.text.lower(), token._.original) for token in doc] == [
        ("it", "it"),
        ("is", "is"),
        ("n't", "n &apos;t"),
        ("tokyo", "tokyo"),
        ("-", "@-@"),
        ("style", "style"),
        ("(", "-lrb-"),
        ('"', "``"),
        ("ramen", "ramen"),
        ('"', "''"),
        (")", "-rrb-"),
        (".", "."),
    ]


def test_apostrophes_put_back_stand_where_they_were_lost():
    given = "the state s leaders , mr. smith said , don t wait for joe s '' vote ''"
    for restored, wanted in (
        (
            "The state's leaders, Mr. Smith said, don't wait for Joe's \" vote \"",
            {"'s": "s", "n't": "n t", '"': "''"},
        ),
        ("the states' leaders", {}),
    ):
        doc = spacy.blank("en")(restored)
        given_now = given if wanted else "the states leaders"
        doc._.flattened, doc._.offsets = given_now, ours.offsets(given_now, doc.text)
        for token in doc:
            original = token._.original
            assert original == wanted.get(token.text, original)
            if token.text not in {*wanted, "'"}:
                assert original == token.text.lower()
    assert doc[2].text == "'"
    assert (doc[2]._.original, doc[2]._.offsets) == ("", (10, 10))


def test_offsets_of_every_convention(restorer):
    natural = "He said: \"It's Mr. O'Brien's (U.S.-led) plan, isn't it?\" & left."
    for name in majuscule.text.CONVENTIONS:
        given = flatten(natural, name)
        starts = ours.offsets(given, natural)
        assert len(starts) == len(natural) + 1
        assert (np.diff(starts) >= 0).all()
        for i, char in enumerate(natural):
            made_from = given[starts[i] : starts[i + 1]].strip()
            if char.isalnum():
                assert made_from == char.lower()
            else:
                assert bool(made_from) == bool(char.strip()), (name, char)


@given(st.one_of(texts, documents), st.booleans(), st.booleans())
def test_offsets_of_any_text(tiny, text, respaced, lost):
    edits = ["case", "space", *(["apostrophe"] if lost else [])]
    restorer = Restorer(tiny, document="file", respace=respaced, edits=edits)
    restored = restorer.restore(text)
    starts = ours.offsets(text, restored).tolist()
    assert starts == sorted(starts)
    assert len(starts) == len(restored) + 1
    assert starts[-1] == len(text)
    for char, first, after in zip(restored, starts, starts[1:], strict=False):
        if char.isspace() or char.isalpha():
            assert text[first].lower() == char.lower()
        elif char != "'":
            assert text[first:after].strip()


@pytest.mark.parametrize(
    ("text", "other", "message"),
    [
        ("so\na b", "So\nA c", r"expected 'a b' restored, got 'A c'; a tokenizer must keep"),
        ("so\na b", "So A c", r"expected 'so\\na b' restored, got 'So A c'"),
        ("a b", "A b c", "restored"),
        ("a b", "A", "restored"),
    ],
)
def test_offsets_of_texts_that_are_not_the_same(text, other, message):
    with pytest.raises(MajusculeError, match=message):
        ours.offsets(text, other)


def test_a_document_whose_text_stays_is_the_same_document(nlp):
    for text in (TEXTS[4], "", " \n"):
        doc = nlp.make_doc(text)
        same = nlp(doc)
        assert same is doc
        assert same._.flattened == text
        assert [token._.offsets for token in same] == [
            (token.idx, token.idx + len(token)) for token in same
        ]


def test_spans_and_merged_tokens_know_where_they_stood(model):
    nlp = pipeline(model)
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "GPE", "pattern": [{"LOWER": "new"}, {"LOWER": "york"}]}])
    doc = nlp("( in new york , he said )")
    (entity,) = doc.ents
    assert (entity._.original, entity._.offsets) == ("new york", (5, 13))
    assert doc[0:0]._.offsets == (0, 0)
    assert doc[:]._.original == "( in new york , he said )"
    with doc.retokenize() as retokenizer:
        retokenizer.merge(entity)
    merged = doc[2]
    assert merged.text.lower() == "new york"
    assert (merged._.original, merged._.offsets) == ("new york", (5, 13))


def test_spans_of_the_text_given_are_found(nlp):
    """What the documentation recommends for annotations of flattened text."""
    given = "he said -lrb- in new york -rrb- it &apos;s so ."
    doc = nlp(given)
    begin, end = given.index("new"), given.index(" -rrb-")
    span = doc.char_span(*map(int, np.searchsorted(doc._.offsets, [begin, end])))
    assert span._.original == "new york"
    assert span.text.lower() == "new york"


def test_a_part_made_a_document_does_not_know(nlp):
    part = nlp(TEXTS[0])[1:4].as_doc(copy_user_data=True)
    assert part._.flattened is None
    assert part[0]._.original is part[0]._.offsets is part[:]._.original is None


def test_documents_joined_do_not_know(nlp):
    with pytest.warns(UserWarning, match="W101"):
        both = Doc.from_docs(list(nlp.pipe(TEXTS[:2])))
    assert both._.flattened is both[0]._.original is both[:]._.offsets is None


# In pipelines ---------------------------------------------------------------------------------


def test_many_are_what_each_is_alone(nlp):
    alone = [facts(nlp(text)) for text in TEXTS]
    for size in (1, 3, 1000):
        assert [facts(doc) for doc in nlp.pipe(TEXTS, batch_size=size)] == alone
    docs = nlp.pipe([nlp.make_doc(text) for text in TEXTS])
    assert [facts(doc) for doc in docs] == alone


def test_contexts_and_user_data_come_along(nlp):
    pairs = [(text, {"number": i}) for i, text in enumerate(TEXTS)]
    assert [(doc._.flattened, context) for doc, context in nlp.pipe(pairs, as_tuples=True)] == pairs
    doc = nlp.make_doc(TEXTS[0])
    doc.user_data["source"] = "a.txt"
    doc.cats = {"news": 1.0}
    doc.user_hooks["sentiment"] = hook = lambda _: 7
    restored = nlp(doc)
    assert restored is not doc
    assert restored.user_data["source"] == "a.txt"
    assert restored.cats == {"news": 1.0}
    assert restored.user_hooks["sentiment"] is hook
    assert "flattened" not in str(doc.user_data)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_in_several_processes(model):
    nlp = pipeline(model)
    nlp.add_pipe("sentencizer")
    pairs = [(text, i) for i, text in enumerate(TEXTS * 3)]
    done = list(nlp.pipe(pairs, as_tuples=True, n_process=2, batch_size=4))
    assert [context for _, context in done] == [i for _, i in pairs]
    assert [facts(doc) for doc, _ in done] == [facts(nlp(text)) for text, _ in pairs]


@pytest.mark.model
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_second_stage_goes_to_several_processes():
    pytest.importorskip("onnxruntime")
    nlp = spacy.blank("en")
    nlp.add_pipe("majuscule", first=True, config={"effort": "best"})
    restored = Restorer(document="file", effort="best").restore_batch(TEXTS * 3)
    assert [doc.text for doc in nlp.pipe(TEXTS * 3)] == restored
    done = nlp.pipe(TEXTS * 3, n_process=2, batch_size=4)
    assert [doc.text for doc in done] == restored


def test_a_pipeline_goes_to_another_process_by_pickle(nlp, tmp_path):
    path = tmp_path / "nlp.pickle"
    path.write_bytes(pickle.dumps(nlp))
    code = (
        f"import pickle\nnlp = pickle.load(open({str(path)!r}, 'rb'))\n"
        f"doc = nlp({TEXTS[1]!r})\nprint(doc.text)\nprint([t._.offsets for t in doc])\n"
        "assert nlp.get_pipe('majuscule').nlp is nlp\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert not done.stderr
    doc = nlp(TEXTS[1])
    assert done.stdout == f"{doc.text}\n{[token._.offsets for token in doc]}\n"


def test_a_component_goes_by_itself(nlp):
    alone = pickle.loads(pickle.dumps(nlp.get_pipe("majuscule")))
    doc = alone(nlp.make_doc(TEXTS[0]))
    assert facts(doc) == facts(nlp(TEXTS[0]))


def test_documents_are_saved(nlp):
    docs = list(nlp.pipe(TEXTS))
    kept = DocBin(store_user_data=True, docs=docs).to_bytes()
    again = DocBin().from_bytes(kept).get_docs(nlp.vocab)
    assert [facts(doc) for doc in again] == [facts(doc) for doc in docs]


def test_a_pipeline_is_saved_with_its_options(model, tmp_path):
    config = {"style": "news", "edits": ["case"], "lexicon": ["van Dam"], "min_confidence": 0.5}
    nlp = pipeline(model, document="line", recase=True, respace=True, **config)
    for path in (tmp_path / "once", tmp_path / "twice"):
        nlp.to_disk(path)
        nlp = spacy.load(path)
    restorer = nlp.get_pipe("majuscule").restorer
    assert restorer.options == {
        "effort": "fast",
        "document": "line",
        "recase": True,
        "respace": True,
        **config,
        "edits": ("case",),
        "lexicon": ("van Dam",),
    }
    assert restorer.model.files == (str(model),)
    assert "van Dam" in nlp("ms. van dam ( left ) .").text
    with pytest.raises(ModelError, match="gothic"):
        spacy.load(path, config={"components": {"majuscule": {"style": "gothic"}}})
    same = spacy.blank("en").from_config(nlp.config)
    assert same("ms. van dam left .").text == nlp("ms. van dam left .").text


@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        ({"style": "gothic"}, ModelError, "gothic"),
        ({"effort": "worst"}, MajusculeError, "expected effort to be fast or best"),
        ({"edits": ["letters"]}, MajusculeError, "expected edits to be some of case, space"),
        ({"min_confidence": 7.0}, MajusculeError, "expected min_confidence to be"),
        ({"source": "nowhere.safetensors"}, FileNotFoundError, "nowhere.safetensors"),
        ({"edits": "case"}, ValueError, "edits"),
        ({"shout": True}, ValueError, "shout"),
    ],
)
def test_options_that_cannot_be(config, error, message):
    with pytest.raises(error, match=message):
        spacy.blank("en").add_pipe("majuscule", config=config)


def test_memory_of_names_ends_with_the_document(nlp):
    """Each is restored as if alone, with `document` left as it is."""
    texts = ["human rights watch ( hrw ) said no .", "then hrw left ."] * 2
    assert [doc.text for doc in nlp.pipe(texts)] == [nlp(text).text for text in texts]


def test_memory_zones(nlp):
    if not hasattr(nlp, "memory_zone"):
        pytest.skip("this spaCy has none")
    with nlp.memory_zone():
        inside = [facts(doc) for doc in nlp.pipe(TEXTS)]
    assert inside == [facts(nlp(text)) for text in TEXTS]


# Where it stands ------------------------------------------------------------------------------


def annotated(nlp):
    """Documents with an annotation each, and what it is called."""

    def made(**annotations):
        return Doc(nlp.vocab, words=["in", "paris", "."], **annotations)

    yield made(tags=["IN", "NNP", "."]), "tags"
    yield made(pos=["ADP", "PROPN", "PUNCT"]), "parts of speech"
    yield made(lemmas=["in", "paris", "."]), "lemmas"
    yield made(heads=[0, 0, 0], deps=["ROOT", "pobj", "punct"]), "dependencies, sentences"
    yield made(ents=["O", "B-GPE", "O"]), "entities"
    yield made(sent_starts=[True, False, True]), "sentences"
    doc = made()
    doc.spans["places"] = [doc[1:2]]
    yield doc, "span groups"
    doc = made()
    doc.tensor = np.zeros((3, 2), dtype=np.float32)
    yield doc, "a tensor"
    doc = made()
    doc.user_data["._.", "place", 3, None] = True
    yield doc, "attributes of tokens or spans"


def test_what_is_annotated_is_refused(nlp):
    for doc, says in annotated(nlp):
        message = f"got one with .*{says}.*" + r'nlp\.add_pipe\("majuscule", first=True\)'
        with pytest.raises(MajusculeError, match=message):
            nlp(doc)
        with pytest.raises(MajusculeError, match=message):
            list(nlp.pipe([doc]))


def test_a_component_that_comes_too_late(model):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("majuscule", config={"source": str(model)})
    for text in ("", "so"):
        nlp(text)  # nothing can be lost
    with pytest.raises(MajusculeError, match="got one with sentences"):
        nlp(TEXTS[0])


def test_errors_are_handled_as_the_pipeline_says(model):
    nlp = pipeline(model)
    errors = []
    nlp.set_error_handler(lambda name, _, docs, error: errors.append((name, docs, str(error))))
    bad = Doc(nlp.vocab, words=["in", "paris"], tags=["IN", "NNP"])
    docs = list(nlp.pipe([nlp.make_doc(TEXTS[0]), bad, nlp.make_doc(TEXTS[1])]))
    assert [doc._.flattened for doc in docs] == TEXTS[:2]
    ((name, (doc,), message),) = errors
    assert (name, doc) == ("majuscule", bad)
    assert "got one with tags" in message


@pytest.mark.parametrize(
    ("kind", "name"), [*product((Doc, Span, Token), ["offsets"]), (Token, "original")]
)
def test_names_that_are_taken(model, kind, name):
    pipeline(model)
    ours_ = kind.remove_extension(name)
    try:
        kind.set_extension(name, default="mine")
        with pytest.raises(
            MajusculeError, match=rf"expected {kind.__name__.lower()}\._\.{name} to"
        ):
            pipeline(model)
    finally:
        kind.remove_extension(name)
        kind.set_extension(name, **({"getter": ours_[2]} if ours_[2] else {"default": None}))


def test_a_tokenizer_that_has_no_regard_for_blanks(model):
    nlp = pipeline(model)
    nlp.tokenizer = lambda text: Doc(nlp.vocab, words=text.split())
    for text in ("he said  ( in paris ) no .\n", "it &apos;s\tso .\n he left ."):
        doc = nlp(text)
        assert doc.text.endswith(" ")
        assert "\n" not in doc.text
        for token in doc:
            original = majuscule.text.unescape(f"x {token._.original} x")
            assert letters(original)[1:-1] == token.lower_
        assert doc[:]._.original == " ".join(text.split())


# A component that learns ----------------------------------------------------------------------


def examples(nlp, count=40, *, flat=False):
    """Sentences in which nothing but capitals tells what is a name."""
    draw = random.Random(1)
    made = []
    for i in range(count):
        words = [draw.choice(["Mark", "Rose", "Bill"]), draw.choice(["Reading", "Nice"])]
        named = flat or i % 2 == 0
        words = words if named else [word.lower() for word in words]
        natural = "{} {} likes {}, too.".format(draw.choice(["So", "so"]), *words)
        gold = nlp.make_doc(natural)
        names = [Span(gold, 1, 2, label="PERSON"), Span(gold, 3, 4, label="GPE")]
        gold.set_ents(names if named else [])
        made.append(Example(nlp.make_doc(flatten(natural) if flat else natural), gold))
    return made


def test_entities_are_found_again_and_evaluated(model):
    """A recogniser of natural text, on flattened text; scores are by tokens of the gold text."""
    fix_random_seed(1)
    nlp = spacy.blank("en")
    ner = nlp.add_pipe("ner")
    natural = examples(nlp)
    optimizer = nlp.initialize(lambda: natural)
    for _ in range(20):
        nlp.update(natural, sgd=optimizer)
    assert nlp.evaluate(natural)["ents_f"] == 1.0
    assert nlp.evaluate(examples(nlp, flat=True))["ents_r"] == 0.0

    lexicon = ["Mark", "Rose", "Bill", "Reading", "Nice"]
    config = {"source": str(model), "lexicon": lexicon}
    nlp.add_pipe("majuscule", first=True, config=config)
    assert nlp.pipe_names == ["majuscule", "ner"]
    assert nlp.get_pipe("ner") is ner
    assert nlp.evaluate(examples(nlp, flat=True))["ents_f"] == 1.0
    doc = nlp("so mark likes reading , too .")
    assert [(ent.label_, ent._.original, ent._.offsets) for ent in doc.ents] == [
        ("PERSON", "mark", (3, 7)),
        ("GPE", "reading", (14, 21)),
    ]


def test_training_goes_on_behind_it(model):
    """Frozen, and annotating: what is trained sees restored text."""
    seen = []

    @Language.component("seen")
    def see(doc):
        seen.append(facts(doc))
        return doc

    nlp = pipeline(model)
    nlp.add_pipe("seen")
    nlp.add_pipe("ner")
    flat = examples(nlp, 12, flat=True)
    optimizer = nlp.initialize(lambda: flat)
    frozen = ["majuscule", "seen"]
    losses = nlp.update(flat, sgd=optimizer, annotates=frozen, exclude=frozen)
    assert losses["ner"] > 0
    assert seen == [facts(nlp.get_pipe("majuscule")(example.predicted)) for example in flat]
    assert all(text != given for text, given, _ in seen)


# What is shown and measured -------------------------------------------------------------------

ROOT = Path(__file__).parents[1]


def python(script, *arguments):
    command = [sys.executable, str(ROOT / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A pipeline on disk whose recogniser goes by capitals."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler", name="ner")
    ruler.add_patterns(
        [
            {"label": "PERSON", "pattern": [{"IS_TITLE": True}, {"IS_TITLE": True}]},
            {"label": "DATE", "pattern": [{"LOWER": "friday"}]},
        ]
    )
    path = tmp_path_factory.mktemp("pipelines") / "capitals"
    nlp.to_disk(path)
    return path


@pytest.mark.model
def test_the_example_shows_an_article(saved):
    done = python("examples/entities.py", saved)
    assert not done.stderr
    assert done.returncode == 0
    assert "DATE friday                               DATE Friday" in done.stdout
    assert "PERSON Syrian Army" in done.stdout
    last = done.stdout.splitlines()[-1].split()
    assert int(last[0]) < int(last[4])


def test_the_example_says_how_to_get_a_pipeline():
    done = python("examples/entities.py", "no_such_pipeline")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "no_such_pipeline" in done.stderr
    assert "python -m spacy download en_core_web_sm" in done.stderr


def test_agreement_is_measured(saved, model, tmp_path):
    folder = tmp_path / "eval"
    folder.mkdir()
    name = "Angela Merkel (of Berlin) said so on Friday."
    for file in ("wmt21", "ewt.test", "heldout.news_house_press", "heldout.wiki_en2015_core"):
        (folder / f"{file}.txt").write_text(f"{name}\n\nNobody did.\n", "utf-8")
    places = [tmp_path, tmp_path, "--model", model]
    done = python("benchmarks/entities.py", *places, "--pipeline", saved)
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "entities.json").read_text("utf-8"))
    rows = {
        (row["set"], row["given"], row["restored"]): row
        for row in results["rows"]
        if row["what"] == "agreement"
    }
    assert len(rows) == 20
    row = rows["wmt21", "flattened", None]
    assert [row[name] for name in ("lines", "reference", "found", "same")] == [2, 2, 1, 1]
    assert (row["precision"], row["recall"], row["f1"]) == (100.0, 50.0, 66.67)
    assert row["names"]["f1"] == 0.0
    costs = [row for row in results["rows"] if row["what"] == "cost"]
    assert [row["pipeline"] for row in costs] == ["whole", "tokenizer"]

    done = python("benchmarks/entities.py", *places, "--pipeline", "no_such_pipeline")
    assert done.returncode == 2
    assert done.stderr.startswith("entities.py: expected spaCy's pipeline no_such_pipeline")
    assert done.stderr.count("\n") == 1
