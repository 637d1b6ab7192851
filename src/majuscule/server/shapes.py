"""What goes over the wire: the bodies of requests and of answers, with examples."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

Text = Annotated[str, Field(description="Text in UTF-8, of any number of lines.")]
Edit = Literal["case", "space", "apostrophe"]
Entry = Annotated[str, Field(max_length=1000, pattern=r"^[^\n]*\S[^\n]*$")]


class Shape(BaseModel):
    """What all bodies are: fields with a type, and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _one_of_both(**with_texts: object) -> list[Any]:
    """One text or many, and what else holds of many, for programs that read the description."""
    null = {"type": "null"}
    return [
        {"required": ["text"], "properties": {"text": {"type": "string"}, "texts": null}},
        {
            "required": ["texts"],
            "properties": {"texts": {"type": "array"}, "text": null, **with_texts},
        },
    ]


class Batch(Shape):
    """One text, or many that have nothing to do with one another."""

    model_config = ConfigDict(json_schema_extra={"oneOf": _one_of_both()})

    text: Text | None = None
    texts: list[Text] | None = Field(default=None, description="Instead of `text`: several.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Batch:
        if (self.text is None) == (self.texts is None):
            got = "none" if self.text is None else "both"
            raise ValueError(f"expected either text or texts, got {got}")
        return self

    @property
    def given(self) -> list[str]:
        """The texts, one or many."""
        return [self.text] if self.text is not None else list(self.texts or ())


class Options(Batch):
    """How to restore: what `majuscule.Restorer` may be told."""

    effort: Literal["fast", "best"] = Field(
        default="fast",
        description="With best, what is doubtful is looked at again, if the server can do that.",
    )
    style: str | None = Field(default=None, description="A house style of the model, or none.")
    document: Literal["line", "block", "file"] = Field(
        default="block",
        description="What one document is: a line, lines up to a blank one, or all.",
    )
    edits: list[Edit] = Field(
        default=["case", "space"],
        min_length=1,
        description="What may be changed.",
    )
    lexicon: list[Entry] = Field(
        default_factory=list, max_length=10_000, description="Written forms that win."
    )
    min_confidence: float = Field(
        default=0, ge=0, lt=1, description="The least probability of a change."
    )
    recase: bool = Field(default=False, description="Decide all case afresh.")
    respace: bool = Field(default=False, description="Decide all spacing afresh.")
    adapter: str | None = Field(
        default=None, max_length=64, description="What /v1/adapt gave, while the server has it."
    )


class RestoreRequest(Options):
    """Flattened text to restore."""


class Choice(Shape):
    """How one token is to be written."""

    at: int = Field(ge=0, description="The token's first character: its offset in the text.")
    written: str | None = Field(
        default=None, max_length=1000, description="The token, as it is to be."
    )
    gap: Literal["space", "join"] | None = Field(
        default=None, description="What is to stand before it."
    )


class ExplainRequest(Options):
    """Flattened text to restore, saying why."""

    model_config = ConfigDict(json_schema_extra={"oneOf": _one_of_both(choices={"maxItems": 0})})

    choices: list[Choice] = Field(
        default_factory=list, max_length=10_000, description="What is decided already; of one text."
    )
    below: float = Field(
        default=1,
        gt=0,
        le=1,
        description="Tell of decisions that are less probable only; 1 is all.",
    )

    @model_validator(mode="after")
    def _choices_of_one(self) -> ExplainRequest:
        if self.choices and self.text is None:
            raise ValueError("expected choices with one text, got them with texts")
        return self


class FlattenRequest(Batch):
    """Natural text to flatten."""

    convention: Literal["plain", "moses", "ptb", "moses-plain", "spacy", "ud", "bert"] = Field(
        default="plain", description="Whose tokens to write."
    )


class DetectRequest(Batch):
    """Text to be told what it is."""

    document: Literal["line", "block", "file"] = "block"
    lines: bool = Field(default=False, description="Tell of each line, not of each run of lines.")


class AdaptRequest(Shape):
    """Natural text of a house, to learn how it writes."""

    sample: Text
    style: str | None = Field(default=None, description="The style to begin with.")
    tokenised: bool = Field(default=False, description="The sample is tokenised.")


class OneText(Shape):
    """The text restored or flattened."""

    text: str


class ManyTexts(Shape):
    """The texts restored or flattened, in order."""

    texts: list[str]


class Decision(Shape):
    """What was decided about a token: `majuscule.explanation.Decision`."""

    written: str
    output: tuple[int, int]
    input: tuple[int, int]
    case: Literal["lower", "title", "upper", "mixed"]
    gap: Literal["space", "join", "apostrophe", "apostrophe_space"]
    case_probability: float
    gap_probability: float
    runner_up: Literal["lower", "title", "upper", "mixed"] | None
    alternative: str | None
    by: Literal["model", "memory", "lexicon", "choice", "input"]


class Explanation(Shape):
    """A text restored, with the decisions; offsets count characters of Unicode."""

    text: str
    decisions: list[Decision]


class ManyExplanations(Shape):
    """The explanations of several texts, in order."""

    results: list[Explanation]


class Piece(Explanation):
    """The explanation of a text's next piece, in a stream; its offsets are the piece's own."""

    input_at: int = Field(description="Where the piece begins in the text given.")
    output_at: int = Field(description="Where it begins in the restored text.")


class Finding(Shape):
    """What a run of lines is: `majuscule.recognition.Finding`."""

    first_line: int
    last_line: int
    documents: int
    writing: str
    spacing: str
    convention: str | None
    why: str
    counts: dict[str, Any]


class Findings(Shape):
    """What a text is, run of lines by run of lines."""

    findings: list[Finding]


class ManyFindings(Shape):
    """What each of several texts is, in order."""

    results: list[Findings]


class Adapted(Shape):
    """What was learned of a house; `adapter` names it in other requests."""

    adapter: str
    summary: list[str]


class ModelInfo(Shape):
    """What serves."""

    name: str
    hash: str
    version: str
    styles: list[str]
    token: bool = Field(description="Whether requests need a bearer token.")


class Error(Shape):
    """Why a request was refused."""

    code: str
    message: str


class Refused(Shape):
    """The body of every refusal."""

    error: Error


Asked = TypeVar("Asked", bound=Shape)

EXAMPLES: dict[str, dict[str, dict[str, Any]]] = {
    "restore": {
        "one": {"text": "beirut ( reuters ) - the u.s.-led coalition said on friday , ..."},
        "many": {"texts": ["i agree .", "so do i ."], "document": "line"},
        "names": {"text": "mr. mcgahn left .", "lexicon": ["McGahn"], "min_confidence": 0.6},
    },
    "explain": {
        "doubtful": {"text": "in new york , it did n't rain .", "below": 0.95},
        "chosen": {
            "text": "he moved to reading .",
            "choices": [{"at": 12, "written": "Reading"}],
        },
    },
    "flatten": {
        "one": {"text": "He can't (yet)."},
        "moses": {"texts": ["He can't (yet)."], "convention": "moses"},
    },
    "detect": {"one": {"text": "THE MAYOR OF PARIS , HE SAID , IS HERE ."}},
    "adapt": {"one": {"sample": "She saw the president of the bank, he said.\n"}},
}
