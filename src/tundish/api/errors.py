"""
Errors of the control door as problem documents. Handlers let errors rise; only the table knows a status.
"""

import logging

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from tundish.core.errors import InputError, TundishError, Unauthorised, reaction
from tundish.core.problem import MEDIA_TYPE, Problem, problem, refusal, retry_after

LOG = logging.getLogger(__name__)
EXPLAINED = frozenset({400, 410, 412, 413, 415, 460})  # where the words are ours


def explain_errors(door: FastAPI) -> None:
    """
    Give every error of this door the one form.
    """
    door.add_exception_handler(TundishError, _ours)
    door.add_exception_handler(RequestValidationError, _not_valid)
    door.add_exception_handler(HTTPException, _refused)
    door.add_exception_handler(Exception, _bug)


def _ours(_request: Request, error: Exception) -> Response:
    level = logging.getLevelNamesMapping()[reaction(error).log.upper()]
    LOG.log(level, "%s: %s", type(error).__name__, error)
    answer = _answer(problem(error))
    if isinstance(error, Unauthorised):
        answer.headers["WWW-Authenticate"] = "Bearer"
    if (wait := retry_after(error)) is not None:
        answer.headers["Retry-After"] = wait
    return answer


def _not_valid(_request: Request, error: Exception) -> Response:
    faults = error.errors() if isinstance(error, RequestValidationError) else ()
    named = "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in faults)
    return _answer(problem(InputError(named)))


def _refused(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = str(error.detail) if isinstance(error, HTTPException) and status in EXPLAINED else ""
    answer = _answer(refusal(status, detail))
    if isinstance(error, HTTPException) and error.headers:
        answer.headers.update(error.headers)
    return answer


def _bug(_request: Request, error: Exception) -> Response:
    return _answer(problem(error))


def _answer(said: Problem) -> Response:
    return Response(said.document(), said.status, media_type=MEDIA_TYPE)
