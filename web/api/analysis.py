"""What was measured of tracks: one by one, what mixes, and jobs that measure."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from apiflask import APIBlueprint, Schema
from apiflask.fields import Boolean, Float, Integer, List, Nested, Raw, String
from apiflask.validators import Length, OneOf, Range

from musictool_core.analysis import verifying
from musictool_core.analysis.verifying import Answer
from musictool_core.audio.heard import DJ, SIGNAL
from musictool_core.errors import MusicToolError
from musictool_core.host.search import ITEMS, Question
from musictool_web import checked, measured, mixing, verify
from musictool_web.api.listing import PREFIX, WindowArguments
from musictool_web.context import Web, web
from musictool_web.planned import change_json
from musictool_web.problem import NotThereError
from musictool_web.query import MOST_ROWS, words

blueprint = APIBlueprint("analysis_api", __name__, url_prefix=PREFIX, tag="Analysis")

_MOST_ITEMS = 200_000


class AnalysisAnswer(Schema):
    """What was measured of a track; what is unknown is null."""

    is_measured = Boolean()
    key = String(allow_none=True, metadata={"description": "`F# minor`"})
    key_confidence = Float(allow_none=True, metadata={"description": "0 to 1"})
    key_alt = String(allow_none=True, metadata={"description": "second choice"})
    camelot = String(allow_none=True)
    bpm = Float(allow_none=True, metadata={"description": "exact"})
    bpm_confidence = Float(allow_none=True, metadata={"description": "0 to 1"})
    bpm_alt = Float(allow_none=True, metadata={"description": "second choice"})
    bpm_stable = Boolean(allow_none=True, metadata={"description": "one tempo fits all of it"})
    grid_offset_s = Float(allow_none=True, metadata={"description": "of the first beat"})
    downbeat = Integer(allow_none=True, metadata={"description": "beats from there to a bar"})
    energy = Float(allow_none=True, metadata={"description": "1 to 10"})
    energy_curve = List(Float(), metadata={"description": "of equal parts, in order"})
    energy_step_s = Float(allow_none=True, metadata={"description": "length of such a part"})
    sections = List(Raw(), metadata={"description": "`start_s end_s bars label energy`"})
    intro_end_s = Float(allow_none=True)
    outro_start_s = Float(allow_none=True)
    mix_in_s = Float(allow_none=True)
    mix_out_s = Float(allow_none=True)
    length_s = Float(allow_none=True)
    lufs = Float(allow_none=True)
    lra_lu = Float(allow_none=True)
    true_peak_dbtp = Float(allow_none=True)
    danceability = Float(allow_none=True)
    sources = Raw(metadata={"description": "where `bpm` and `initial_key` of the library are from"})
    others = List(Raw(), metadata={"description": "of other plugins: `source field value`"})
    error = String(allow_none=True, metadata={"description": "why it could not be measured"})
    job = Integer(allow_none=True, metadata={"description": "measures it, and is not finished"})


class QualityAnswer(Schema):
    """How good a file is; what is unknown is null."""

    is_checked = Boolean()
    score = Float(allow_none=True, metadata={"description": "0 to 100, for `use`"})
    use = String(allow_none=True, metadata={"description": "of the settings"})
    scores = Raw(metadata={"description": "by use: `club`, `archive`, `mobile`"})
    losses = List(Raw(), metadata={"description": "`points value limit reason`"})
    verdict = String(allow_none=True, metadata={"description": "`lossy_proven` and others"})
    codec = String(allow_none=True, metadata={"description": "that it is in or went through"})
    confidence = String(allow_none=True, metadata={"description": "`A`, `B` or `C`"})
    bitrate_low = Integer(allow_none=True, metadata={"description": "kbit/s"})
    bitrate_high = Integer(allow_none=True, metadata={"description": "kbit/s"})
    evidence = List(String())
    spectrum = Raw(
        allow_none=True,
        metadata={"description": "`top_hz`, and mean `levels` of equally wide bands from 0, dB"},
    )
    edge_hz = Float(allow_none=True, metadata={"description": "where the treble ends steeply"})
    drop_db = Float(allow_none=True, metadata={"description": "how much less there is above"})
    frames = Raw(
        allow_none=True,
        metadata={
            "description": "of a codec: `codec spacing offset own depth rate`, `own` being where "
            "each passage alone sees them begin"
        },
    )
    true_peak_dbtp = Float(allow_none=True)
    clipped_tops = Integer(allow_none=True)
    clipped_per_minute = Float(allow_none=True)
    error = String(allow_none=True, metadata={"description": "why it could not be checked"})
    job = Integer(allow_none=True, metadata={"description": "checks it, and is not finished"})


class MixArguments(Schema):
    """How tracks may be played."""

    pitch = Float(
        load_default=mixing.PITCH,
        validate=Range(0, 50),
        metadata={"description": "how far tempos may differ, in percent"},
    )
    varispeed = Boolean(
        load_default=False, metadata={"description": "keys move with the tempo: no key lock"}
    )
    limit = Integer(load_default=20, validate=Range(1, MOST_ROWS))


class MixAnswer(Schema):
    """A track that mixes."""

    item = Integer()
    bpm = Float()
    camelot = String()
    tempo_change_percent = Float(metadata={"description": "how much faster it has to be played"})
    camelot_at_tempo = String(metadata={"description": "the key that sounds then"})
    relation = String()
    energy = Float(allow_none=True)
    score = Float(metadata={"description": "0 to 1"})
    reasons = List(String())


class MixesAnswer(Schema):
    """Tracks that mix with one, the best first."""

    items = List(Nested(MixAnswer))


class MeasureBody(Schema):
    """Which tracks."""

    ids = List(
        Integer(validate=Range(0, 2**62)), load_default=None, validate=Length(1, _MOST_ITEMS)
    )
    q = String(load_default=None, metadata={"description": "without `ids`: a beets query"})
    groups = List(
        String(validate=OneOf((DJ, SIGNAL))),
        load_default=[DJ],
        validate=Length(1, 2),
        metadata={"description": "`dj`: key, tempo and so on; `signal`: quality"},
    )


class MeasureAnswer(Schema):
    """The job that measures."""

    job = Integer(metadata={"description": "see `/jobs/{job_id}`"})
    tracks = Integer()


class VerifyArguments(Schema):
    """Which values."""

    q = String(load_default="", metadata={"description": "a beets query"})
    relation = String(
        load_default=verify.OPEN,
        validate=OneOf(verify.RELATIONS),
        metadata={"description": "`open` is what differs and nobody decided"},
    )
    what = String(load_default="", validate=OneOf(verify.WHATS))


class VerifyListArguments(VerifyArguments, WindowArguments):
    """A window of them."""


class ComparedAnswer(Schema):
    """A value of another source beside the measured one."""

    name = String(metadata={"description": "for `only` of an answer"})
    item = Integer()
    what = String(metadata={"description": "`bpm` or `key`"})
    source = String(metadata={"description": "the field that says so"})
    said_by = String(metadata={"description": "where the library has it from, or empty"})
    value = Raw()
    measured = Raw()
    confidence = Float()
    relation = String()
    detail = String()
    confirms = Boolean()
    decided = Boolean()


class VerifyAnswer(Schema):
    """Compared values, those that are furthest apart first."""

    items = List(Nested(ComparedAnswer))
    total = Integer()
    counts = Raw(metadata={"description": "by relation"})


class DecideValuesBody(VerifyArguments):
    """An answer to them."""

    answer = String(
        required=True,
        validate=OneOf([each.value for each in Answer]),
        metadata={"description": "`theirs` takes or keeps the other value; `open` asks again"},
    )
    one = String(data_key="only", load_default="", metadata={"description": "`name` of one value"})
    pretend = Boolean(load_default=False, metadata={"description": "change nothing"})


class DecidedAnswer(Schema):
    """What became of it, or would."""

    changeset = Integer(allow_none=True, metadata={"description": "to undo it by"})
    changes = List(Raw(), metadata={"description": "the first 500: `item field old new`"})
    total = Integer()


@blueprint.get("/dj/verify")
@blueprint.input(VerifyListArguments, location="query", arg_name="arguments")
@blueprint.output(VerifyAnswer)
@blueprint.doc(summary="Compare tempo and key with what was measured", responses=[400])
def list_compared(arguments: dict[str, Any]) -> Any:
    """What tags, Traktor and others say beside what was measured."""
    parts = web()
    asked = verify.Asked(arguments["q"], arguments["relation"], arguments["what"])
    found = verify.compared(parts, asked.query)
    meant = [each for each in found if asked.takes(each)]
    window = meant[arguments["offset"] : arguments["offset"] + arguments["limit"]]
    said_by = verifying.said_by(parts.host.reading(), window)
    return {
        "items": [
            {
                "name": verify.name_of(each),
                "item": each.item_id,
                "said_by": said_by.get(each.item_id, {}).get(each.source, ""),
                **verifying.as_json(each),
            }
            for each in window
        ],
        "total": len(meant),
        "counts": verify.counts(found, asked.what),
    }


@blueprint.post("/dj/verify")
@blueprint.input(DecideValuesBody, arg_name="body")
@blueprint.output(DecidedAnswer)
@blueprint.doc(
    summary="Say which tempo or key is right",
    description="One change set for all that is meant.",
    responses=[400],
)
def decide_compared(body: dict[str, Any]) -> Any:
    """Take the measured values, keep the others, or ask again."""
    parts = web()
    asked = verify.Asked(body["q"], body["relation"], body["what"], body["one"])
    planned = verify.plan(parts, asked, Answer(body["answer"]))
    result = None if body["pretend"] else verify.save(parts, planned)
    return {
        "changeset": result.changeset_id if result else None,
        "changes": [change_json(change) for change in planned.changes[:MOST_ROWS]],
        "total": len(planned.changes),
    }


@blueprint.get("/tracks/<int:track_id>/analysis")
@blueprint.output(AnalysisAnswer)
@blueprint.doc(summary="What was measured of a track", responses=[404])
def get_analysis(track_id: int) -> Any:
    """Key, tempo, grid, energy, sections and loudness."""
    parts = web()
    title = existing_track(parts, track_id)
    return measured.as_json(measured.measured(parts, min(track_id, 2**62), title, draw=False))


@blueprint.get("/tracks/<int:track_id>/quality")
@blueprint.output(QualityAnswer)
@blueprint.doc(summary="How good the file of a track is", responses=[404])
def get_quality(track_id: int) -> Any:
    """Its score, each lost point, and where it comes from."""
    parts = web()
    existing_track(parts, track_id)
    use = parts.app.settings.quality.use
    return checked.as_json(checked.checked(parts, min(track_id, 2**62)), use)


@blueprint.get("/tracks/<int:track_id>/mixable")
@blueprint.input(MixArguments, location="query", arg_name="arguments")
@blueprint.output(MixesAnswer)
@blueprint.doc(
    summary="Tracks that mix with one",
    description="Empty as well when its own key or tempo is not known.",
    responses=[404],
)
def list_mixable(track_id: int, arguments: dict[str, Any]) -> Any:
    """Near in tempo, and in a key that goes with it."""
    parts = web()
    existing_track(parts, track_id)
    found = mixing.mixes_with(
        parts,
        track_id,
        pitch=arguments["pitch"],
        varispeed=arguments["varispeed"],
        most=arguments["limit"],
    )
    if found is None:
        return {"items": []}
    return {"items": [mixing.as_json(each, found.sides[each.item_id]) for each in found.found]}


@blueprint.post("/analysis")
@blueprint.input(MeasureBody, arg_name="body")
@blueprint.output(MeasureAnswer, status_code=HTTPStatus.ACCEPTED)
@blueprint.doc(
    summary="Measure tracks",
    description="Queues a job. What is known is not measured again.",
    responses=[400],
)
def measure(body: dict[str, Any]) -> Any:
    """Measure tracks by their numbers, or all that a query finds."""
    parts = web()
    ids = body["ids"]
    if ids is None and body["q"] is None:
        raise MusicToolError("say which tracks: by ids, or by a query q.")
    if ids is None:
        ids = parts.search.ids(Question(ITEMS, words(body["q"])))
    if not ids:
        raise MusicToolError("no track is found.")
    return {"job": measured.queue(parts, ids, body["groups"]), "tracks": len(ids)}


def existing_track(parts: Web, track_id: int) -> str:
    """The title of a track.

    Raises:
        NotThereError: there is none with this number.
    """
    number = min(track_id, 2**62)
    row = parts.search.rows_by_id(ITEMS, [number], ("id", "title")).get(number)
    if row is None:
        raise NotThereError(f"there is no track {track_id}.")
    return row["title"] or "Untitled"
