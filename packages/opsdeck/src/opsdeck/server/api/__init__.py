"""The JSON API behind the command line: everything the `opsdeck` command shows or does, at /api."""

from fastapi import APIRouter

from opsdeck.server.api import acting, reading

__all__ = ["router"]

router = APIRouter(prefix="/api")
router.include_router(reading.router, tags=["read"])
router.include_router(acting.router, tags=["act"])
