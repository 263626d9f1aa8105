"""The JSON API behind the command line: everything the `opsdeck` command shows or does, at /api."""

from fastapi import APIRouter

from opsdeck.server.api import acting, audit, errors, reading, scans, security
from opsdeck.server.api.scans import uploads

__all__ = ["router", "uploads"]

router = APIRouter(prefix="/api")
router.include_router(reading.router, tags=["read"])
router.include_router(acting.router, tags=["act"])
router.include_router(errors.router, tags=["errors"])
router.include_router(scans.router, tags=["scans"])
router.include_router(audit.router, tags=["audit"])
router.include_router(security.router, tags=["security"])
