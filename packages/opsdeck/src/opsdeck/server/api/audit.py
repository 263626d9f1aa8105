"""The audit log over HTTP: rows, the whole as an export, proofs, checkpoints for witnesses."""

import base64

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from opsdeck.govern import audit
from opsdeck.reports import audit as report
from opsdeck.server.api.answer import answer, plain
from opsdeck.server.served import TheDeck

router = APIRouter()


@router.get("/audit", summary="Rows of the audit log, newest first, and how far it is signed")
def show_audit(
    deck: TheDeck, limit: int = 50, kind: str = "", subject: str = "", actor: str = ""
) -> Response:
    with deck.state.begin(write=False) as tx:
        return plain(report.rows(tx, limit, kind=kind, subject=subject, actor=actor))


@router.get("/audit/export", summary="The whole audit log as text that verifies offline")
def export_audit(deck: TheDeck) -> Response:
    return StreamingResponse(audit.export(deck.state), media_type="application/x-ndjson")


@router.get("/audit/checkpoint", summary="The newest checkpoint, and that it adds to the first `old` rows")
def show_checkpoint(deck: TheDeck, old: int = 0) -> Response:
    with deck.state.begin(write=False) as tx:
        note, proof = audit.extension(tx, old)
    return answer(checkpoint=note, proof=[base64.b64encode(part).decode() for part in proof])


@router.get("/audit/proof/{seq}", summary="That a row is in the audit log (tlog-proof)")
def show_proof(deck: TheDeck, seq: int) -> Response:
    with deck.state.begin(write=False) as tx:
        return PlainTextResponse(audit.inclusion(tx, seq))
