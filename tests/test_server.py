"""The service: each endpoint answers as the library does, and says what is wrong in its words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the service needs majuscule[server]")

from starlette.testclient import TestClient

import majuscule
from majuscule import adapter
from majuscule.restorer import EFFORTS, Restorer
from majuscule.server import shapes
from majuscule.server.app import create_app
from majuscule.server.settings import Settings
from majuscule.server.work import PIECE, pieces
from majuscule.text import flatten

ROOT = Path(__file__).parents[1]
TINY = (ROOT / "tests" / "data" / "tiny.txt").read_text(encoding="utf-8")
FLAT = flatten(TINY)
NDJSON = {"content-type": "application/x-ndjson"}


@pytest.fixture(scope="module")
def file(tmp_path_factory, tiny):
    path = tmp_path_factory.mktemp("served") / "tiny.safetensors"
    tiny.save(path)
    return path


@pytest.fixture(scope="module")
def client(file):
    app = create_app(Settings(model=(str(file),), max_body=1 << 20, max_items=50))
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


def refused(response, status, code):
    assert response.status_code == status
    error = response.json()["error"]
    assert error["code"] == code
    return error["message"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"style": "news"},
        {"document": "line", "edits": ["case"]},
        {"lexicon": ["ARmy", "van Dam"], "min_confidence": 0.8},
        {"recase": True, "respace": True},
    ],
)
def test_restore_is_what_a_restorer_gives(client, tiny, options):
    expected = Restorer(tiny, **options).restore(FLAT)
    assert client.post("/v1/restore", json={"text": FLAT, **options}).json() == {"text": expected}


def test_many_texts_are_each_by_itself(client, tiny):
    texts = ["the bus , he said", "", "so the army did .", FLAT]
    answer = client.post("/v1/restore", json={"texts": texts}).json()
    assert answer == {"texts": Restorer(tiny).restore_batch(texts)}


def test_a_long_text_goes_through_in_pieces(client, tiny):
    text = "\n".join([FLAT] * (2 * PIECE // len(FLAT))) + "\n" + "the bus " * PIECE
    assert len(list(pieces(text))) > 2
    answer = client.post("/v1/restore", json={"texts": ["a", text]}).json()
    assert answer["texts"][1] == Restorer(tiny).restore(text)


def test_flatten(client):
    answer = client.post("/v1/flatten", json={"text": TINY, "convention": "moses"})
    assert answer.json() == {"text": flatten(TINY, "moses")}


def test_detect(client, tiny):
    text = "the bus , he said .\n\nThe bus, he said.\n"
    (first, second) = client.post("/v1/detect", json={"text": text}).json()["findings"]
    expected = list(Restorer(tiny).detect(text))
    assert (first["writing"], second["writing"]) == ("lower", "natural")
    assert first["why"] == expected[0].why
    assert (second["first_line"], second["last_line"]) == (3, 3)
    many = client.post("/v1/detect", json={"texts": [text, "a"]}).json()["results"]
    assert many[0]["findings"] == [first, second]


def test_explain(client, tiny):
    restoration = Restorer(tiny).explain(FLAT)
    answer = client.post("/v1/explain", json={"text": FLAT}).json()
    assert answer["text"] == restoration.text
    assert len(answer["decisions"]) == len(restoration.decisions)
    for told, decision in zip(answer["decisions"], restoration.decisions, strict=True):
        assert told["written"] == decision.written
        assert tuple(told["input"]) == decision.input
        assert told["by"] == decision.by
    doubtful = client.post("/v1/explain", json={"texts": [FLAT], "below": 0.9}).json()
    expected = [one for one in restoration.decisions if one.probability < 0.9]
    (result,) = doubtful["results"]
    assert [one["written"] for one in result["decisions"]] == [one.written for one in expected]


def test_what_was_chosen_holds(client):
    choices = [{"at": FLAT.index("mayor"), "written": "MAYOR"}]
    answer = client.post("/v1/explain", json={"text": FLAT, "choices": choices, "below": 0.5})
    (decision,) = answer.json()["decisions"]
    assert (decision["written"], decision["by"]) == ("MAYOR", "choice")


def test_an_explanation_comes_in_pieces(client, tiny):
    text = "\n".join([FLAT] * (3 * PIECE // len(FLAT)))
    restoration = Restorer(tiny).explain(text)
    with client.stream(
        "POST", "/v1/explain", json={"text": text}, headers={"accept": "application/x-ndjson"}
    ) as response:
        assert response.headers["content-type"] == "application/x-ndjson"
        parts = [json.loads(line) for line in response.iter_lines()]
    assert len(parts) > 2
    assert "".join(part["text"] for part in parts) == restoration.text
    places = [
        (part["output_at"] + one["output"][0], part["input_at"] + one["input"][0])
        for part in parts
        for one in part["decisions"]
    ]
    assert places == [(one.output[0], one.input[0]) for one in restoration.decisions]


def test_lines_in_and_lines_out(client, tiny):
    restorer = Restorer(tiny)
    lines = [
        *({"text": text} for text in ("the bus", "so the army did ." * 3, "the mayor") * 150),
        {"texts": ["the bus", "so"]},
        {"text": "the bus", "style": "none"},
        {"text": "the bus", "style": "nobody's"},
        {"words": "the bus"},
        {"text": "the bus"},
    ]
    body = "".join(json.dumps(line) + "\n" for line in lines) + "{no json\n\n"
    response = client.post("/v1/restore", content=body, headers=NDJSON)
    assert response.headers["content-type"] == "application/x-ndjson"
    answers = [json.loads(line) for line in response.text.splitlines()]
    assert len(answers) == len(lines) + 1
    for line, answer in zip(lines[:450], answers, strict=False):
        assert answer == {"text": restorer.restore(line["text"])}
    assert answers[450] == {"texts": restorer.restore_batch(["the bus", "so"])}
    assert "expected a style of this model" in answers[452]["error"]["message"]
    assert answers[453]["error"]["message"].startswith("words: expected no such field")
    assert answers[454] == answers[0]
    assert answers[455]["error"]["code"] == "no_json"


def test_no_lines_are_no_fault(client):
    response = client.post("/v1/detect", content=b"\n\n", headers=NDJSON)
    assert (response.status_code, response.content) == (200, b"")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "the body: expected either text or texts, got none"),
        ({"text": "a", "texts": []}, "the body: expected either text or texts, got both"),
        ({"text": 3}, "text: expected a valid string, got a number"),
        ({"texts": ["a", None]}, "texts.1: expected a valid string, got null"),
        ({"text": "a", "min_confidence": 2}, "min_confidence: expected less than 1, got a number"),
        ({"text": "a", "effort": "worst"}, "effort: expected 'fast' or 'best', got a text"),
        (
            {"text": "a", "effort": "best"},
            "effort: expected fast, got best, but the model of this server has no second stage",
        ),
        ({"text": "a", "document": "page"}, "document: expected 'line', 'block' or 'file', got a"),
        ({"text": "a", "edits": []}, "edits: list must have at least 1 item"),
        ({"text": "a", "edits": ["x"]}, "edits.0: expected 'case', 'space' or 'apostrophe'"),
        ({"text": "a", "style": "x"}, "expected a style of this model, one of news; got 'x'"),
        ({"text": "a", "speed": "fast"}, "speed: expected no such field; see /openapi.json"),
        ({"text": "a", "lexicon": [" "]}, "lexicon.0: "),
    ],
)
def test_what_is_wrong_is_said(client, body, message):
    assert refused(client.post("/v1/restore", json=body), 422, "invalid").startswith(message)


@pytest.fixture(scope="module")
def shipped():
    app = create_app(Settings())
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield client


@pytest.mark.model
def test_effort_is_that_of_a_restorer(shipped):
    pytest.importorskip("onnxruntime")
    told = {}
    for effort in EFFORTS:
        restorer = Restorer(effort=effort)
        body = {"text": FLAT, "effort": effort}
        assert shipped.post("/v1/restore", json=body).json()["text"] == restorer.restore(FLAT)
        told[effort] = shipped.post("/v1/explain", json=body).json()["decisions"]
        sure = [one["case_probability"] for one in told[effort]]
        assert sure == [one.facts["case_probability"] for one in restorer.explain(FLAT).decisions]
    assert told["fast"] != told["best"]


@pytest.mark.model
def test_a_server_that_lacks_what_effort_needs_says_so(without_runtime):
    without_runtime()
    lines = [{"text": "in paris .", "effort": effort} for effort in ("fast", "best", "fast")]
    body = "".join(json.dumps(line) + "\n" for line in lines)
    app = create_app(Settings())
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        message = refused(client.post("/v1/restore", json=lines[1]), 422, "invalid")
        answers = client.post("/v1/restore", content=body, headers=NDJSON).text.splitlines()
    assert message.startswith("expected the package onnxruntime, found none; install it with")
    good = {"text": "In Paris."}
    bad = {"error": {"code": "invalid", "message": message}}
    assert [json.loads(answer) for answer in answers] == [good, bad, good]


def test_choices_are_of_one_text(client):
    body = {"texts": ["a"], "choices": [{"at": 0, "written": "A"}]}
    message = refused(client.post("/v1/explain", json=body), 422, "invalid")
    assert message == "the body: expected choices with one text, got them with texts"
    body = {"text": "a", "choices": [{"at": 0, "written": "A b"}]}
    message = refused(client.post("/v1/explain", json=body), 422, "invalid")
    assert message == "expected what is chosen at 0 to be one token, got 'A b'"


def test_what_is_no_request_is_refused(client):
    assert "expected JSON" in refused(client.post("/v1/restore", content=b"{"), 400, "no_json")
    form = client.post("/v1/restore", data={"text": "a"})
    assert "expected the content type" in refused(form, 415, "no_json")
    assert "expected POST" in refused(client.get("/v1/restore"), 405, "no_method")
    assert "expected a path" in refused(client.get("/v2/restore"), 404, "no_path")
    many = client.post("/v1/restore", json={"texts": ["a"] * 51})
    assert "expected at most 50, got 51" in refused(many, 413, "too_large")
    large = client.post("/v1/restore", json={"text": "a" * (1 << 20)})
    assert "expected a body of at most 1,048,576 bytes" in refused(large, 413, "too_large")


def test_a_house_is_learned_and_used(client, tiny, tmp_path):
    sample = "So the Army saw the Mayor, and the Army left the Mayor in town.\n" * 40
    learned = client.post("/v1/adapt", json={"sample": sample}).json()
    assert any("army" in line for line in learned["summary"])
    restored = client.post(
        "/v1/restore", json={"text": "he saw the mayor .", "adapter": learned["adapter"]}
    ).json()["text"]
    file = tmp_path / "house.safetensors"
    file.write_bytes(client.get(f"/v1/adapters/{learned['adapter']}").content)
    known = tiny.with_adapters(adapter.load(file))
    assert restored == Restorer(known).restore("he saw the mayor .")


def test_what_is_not_learned_is_told(client):
    unknown = client.post("/v1/restore", json={"text": "a", "adapter": "0"})
    assert "expected the name of an adapter" in refused(unknown, 404, "no_adapter")
    refused(client.get("/v1/adapters/0"), 404, "no_adapter")
    message = refused(client.post("/v1/adapt", json={"sample": " \n"}), 422, "invalid")
    assert message == "expected text to adapt to, found none"
    long = client.post("/v1/adapt", json={"sample": "a" * 200_001})
    assert "expected a sample of at most 200,000" in refused(long, 413, "too_large")


def test_what_serves_is_told(client, tiny):
    told = client.get("/v1/model").json()
    assert told == {
        "name": "tiny",
        "hash": tiny.hash,
        "version": majuscule.__version__,
        "styles": ["news"],
        "token": False,
    }
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").text == "ready\n"


def test_what_is_done_is_counted(client):
    def value(name):
        lines = client.get("/metrics").text.splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    name = 'majuscule_requests_total{path="/v1/flatten",status="200"}'
    seconds = 'majuscule_request_seconds_count{path="/v1/flatten"}'
    before, timed, other = value(name), value(seconds), value('majuscule_requests_total{path="oth')
    body = json.dumps({"text": "He said so."})
    bytes_before = value('majuscule_received_bytes_total{path="/v1/flatten"}')
    client.post("/v1/flatten", content=body)
    client.get("/secret/path")
    assert value(name) == before + 1
    assert value(seconds) == timed + 1
    assert value('majuscule_requests_total{path="oth') == other + 1
    received = value('majuscule_received_bytes_total{path="/v1/flatten"}') - bytes_before
    assert received == len(body)
    assert "secret" not in client.get("/metrics").text
    assert value("majuscule_requests_open") == 0


def test_the_page_and_its_files(client):
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    for name in ("page.js", "view.js", "word.js", "changes.js", "api.js"):
        assert "javascript" in client.get(f"/page/{name}").headers["content-type"]
    assert client.get("/page/page.css").headers["content-type"].startswith("text/css")
    assert client.get("/page/mark.svg").headers["content-type"] == "image/svg+xml"
    example = (ROOT / "examples" / "article.flat.txt").read_bytes()
    assert client.get("/page/example.txt").content == example
    for wrong in ("none.js", "..%2fapp.py", "%2e%2e/app.py"):
        assert client.get(f"/page/{wrong}").status_code == 404


def test_examples_run(client):
    described = client.get("/openapi.json").json()
    for verb, examples in shapes.EXAMPLES.items():
        content = described["paths"][f"/v1/{verb}"]["post"]["requestBody"]["content"]
        told = content["application/json"]["examples"]
        assert {name: one["value"] for name, one in told.items()} == examples
        for body in examples.values():
            assert client.post(f"/v1/{verb}", json=body).status_code == 200
        if lines := content.get("application/x-ndjson"):
            body = lines["examples"]["lines"]["value"]
            answers = client.post(f"/v1/{verb}", content=body, headers=NDJSON).text.splitlines()
            assert len(answers) == len(examples)
            assert not any("error" in json.loads(answer) for answer in answers)


def test_fields_say_what_they_are(client):
    shapes = client.get("/openapi.json").json()["components"]["schemas"]
    assert shapes["RestoreRequest"]["properties"]["style"]["anyOf"][0]["enum"] == ["none", "news"]
    decisions = shapes["Explanation"]["properties"]["decisions"]
    assert decisions["items"] == {"$ref": "#/components/schemas/Decision"}
