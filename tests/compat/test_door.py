"""
Who comes in at MAAS's door, and what every answer of it has.
"""

import json
import time

import pytest

from tests.compat.conftest import PASSWORD, Region
from tests.support.maas_cli import API, ask, multipart, part, signature
from tundish.compat import describe

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ROUTES = [
    (each.path.replace("{", "").replace("}", ""), action)
    for each in describe.RESOURCES
    for action in each.actions
    if not each.is_anonymous
]


@pytest.mark.parametrize(("path", "action"), ROUTES, ids=lambda each: getattr(each, "name", str(each)))
def test_nothing_is_answered_to_nobody(region: Region, path: str, action: describe.Action) -> None:
    """
    Every action that is described asks who wants it, but for the version.
    """
    query = f"?op={action.op}" if action.op else ""
    answer = ask(region.url, action.method, f"{API}{path}{query}")

    assert (401, "Forbidden") == (answer.status, answer.text)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("a:b:c", "Authorization Error: Invalid API key."),
        ("a:KEY:c", "Authorization Error: Invalid API key."),
        ("CONSUMER:KEY:c", "Authorization Error: 'Invalid signature.'"),
    ],
)
def test_a_wrong_key_is_told(region: Region, key: str, said: str) -> None:
    """
    By a header that clients look for, and in words that they print.
    """
    consumer, middle, _ = region.admin.split(":")
    wrong = key.replace("CONSUMER", consumer).replace("KEY", middle)
    answer = ask(region.url, "GET", f"{API}users/?op=whoami", headers={"Authorization": signature(wrong)})

    assert (401, said, 'OAuth realm="OAuth"') == (
        answer.status,
        answer.text,
        answer.headers["www-authenticate"],
    )


def test_a_request_is_not_taken_twice(region: Region) -> None:
    """
    Whoever overheard it can do nothing with it.
    """
    headers = {"Authorization": signature(region.admin)}
    answers = [ask(region.url, "GET", f"{API}users/?op=whoami", headers=headers) for _ in range(2)]

    assert [200, 401] == [each.status for each in answers]


@pytest.mark.parametrize("shift", [-301, 360])  # on its way, a moment of the future comes nearer
def test_an_old_request_is_refused(region: Region, shift: int) -> None:
    """
    Nonces are remembered for five minutes, so nothing older counts.
    """
    headers = {"Authorization": signature(region.admin, at=int(time.time()) + shift)}
    answer = ask(region.url, "GET", f"{API}users/?op=whoami", headers=headers)

    assert (401, True) == (answer.status, "Expired timestamp" in answer.text)


def test_a_time_that_is_none_is_400(region: Region) -> None:
    """
    That alone is not 401, as with MAAS.
    """
    header = signature(region.admin, at=77).replace('"77"', '"soon"')
    answer = ask(region.url, "GET", f"{API}users/?op=whoami", headers={"Authorization": header})

    assert 400 == answer.status


def test_a_signature_may_stand_in_the_query(region: Region) -> None:
    """
    OAuth allows it.
    """
    consumer, key, secret = region.admin.split(":")
    signed = (
        f"oauth_consumer_key={consumer}&oauth_token={key}&oauth_signature=%26{secret}"
        f"&oauth_signature_method=PLAINTEXT&oauth_nonce=query&oauth_timestamp={int(time.time())}"
    )

    assert 200 == ask(region.url, "GET", f"{API}users/?op=whoami&{signed}").status


def test_a_signature_may_stand_in_a_form(region: Region) -> None:
    """
    And the form is read all the same.
    """
    consumer, key, secret = region.admin.split(":")
    body = (
        f"oauth_consumer_key={consumer}&oauth_token={key}&oauth_signature=%26{secret}"
        f"&oauth_signature_method=PLAINTEXT&oauth_nonce=form&oauth_timestamp={int(time.time())}"
        "&op=set_config&name=curtin_verbose&value=true"
    )

    assert "OK" == ask(region.url, "POST", f"{API}maas/", headers=FORM, body=body.encode()).text


def test_every_answer_names_the_api(region: Region) -> None:
    """
    Clients warn where the hash is another than that of the document they have.
    """
    answer = ask(region.url, "GET", f"{API}users/?op=whoami")

    assert (describe.HASH, "Authorization", 32) == (
        answer.headers["x-maas-api-hash"],
        answer.headers["vary"],
        len(answer.headers["x-trace-id"]),
    )


def test_the_document_has_exactly_its_type(region: Region) -> None:
    """
    With a charset behind it the `maas` command refuses to log in.
    """
    answer = ask(region.url, "GET", f"{API}describe/")

    assert ("application/json", describe.HASH) == (answer.headers["content-type"], answer.json["hash"])


def test_answers_are_json_with_an_indent_of_four(region: Region) -> None:
    """
    Scripts have been seen that cut lines.
    """
    answer = region.cli.send("GET", "users/?op=whoami")

    assert (json.dumps(answer.json, indent=4), "application/json; charset=utf-8") == (
        answer.text,
        answer.headers["content-type"],
    )


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/MAAS/api/version/", 200, "2.0"),
        ("GET", "/MAAS/api/1.0/nodes/", 410, "1.0"),
        ("GET", f"{API}version/", 200, "authenticate-api"),
        ("GET", f"{API}machines/", 404, "Not Found"),
        ("GET", f"{API}version", 404, "Not Found"),
        ("GET", "/MAAS/", 404, "Not Found"),
        ("PATCH", f"{API}version/", 400, "Unrecognised signature: method=PATCH op=None"),
        ("GET", f"{API}version/?op=shout", 400, "Unrecognised signature: method=GET op=shout"),
    ],
)
def test_what_needs_no_key(region: Region, method: str, path: str, status: int, said: str) -> None:
    """
    The versions, and what there is not.
    """
    answer = ask(region.url, method, path)

    assert (status, True) == (answer.status, said in answer.text)


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "boot-resources/?op=is_importing", b""),
        ("GET", "boot-resources/op-is_importing/", b""),
        ("GET", "boot-resources/op-is_importing", b""),
    ],
)
def test_an_operation_may_be_named_in_three_ways(
    region: Region, method: str, target: str, body: bytes
) -> None:
    """
    In the query and behind the path; in the body of a POST too, see above.
    """
    assert region.cli.send(method, target, body).json in {True, False}


def test_an_empty_operation_is_none(region: Region) -> None:
    """
    gomaasapi sends one with every POST.
    """
    answer = region.go.send("POST", "boot-sources/", [("url", "")])

    assert {"url": ["This field is required."], "__all__": [ONE_OF]} == answer.json


ONE_OF = "One of keyring_data or keyring_filename must be specified."


def test_a_body_has_a_most(region: Region) -> None:
    """
    More than 10 MB are refused, as pieces of an upload are to be smaller.
    """
    headers = {"Authorization": signature(region.admin), "Content-Type": "application/octet-stream"}
    body = b"x" * (10 * 1024 * 1024 + 1)

    assert 413 == ask(region.url, "POST", f"{API}boot-sources/", headers=headers, body=body).status


def test_an_unsigned_body_has_a_smaller_most(region: Region) -> None:
    """
    Nobody known may fill the memory.
    """
    body = b"a=" + b"x" * 70_000

    assert 413 == ask(region.url, "POST", f"{API}boot-sources/", headers=FORM, body=body).status


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "boot-sources/"),
        ("POST", "boot-resources/?op=import"),
        ("POST", "boot-resources/?op=stop_import"),
        ("POST", "users/"),
        ("POST", "maas/?op=set_config"),
    ],
)
def test_a_viewer_changes_nothing(region: Region, method: str, target: str) -> None:
    """
    And is told which right is missing.
    """
    headers, body = multipart([part("url", b"http://127.0.0.1:1/")])
    signed = {"Authorization": signature(region.viewer), **headers}
    answer = ask(region.url, method, f"{API}{target}", headers=signed, body=body)

    assert (403, True) == (answer.status, "can_edit_boot_entities" in answer.text)


def test_a_program_logs_in_with_a_password(region: Region) -> None:
    """
    What it is given is a key that counts.
    """
    headers, body = multipart(
        [part("username", b"admin"), part("password", PASSWORD.encode()), part("consumer", b"me@here")]
    )
    made = ask(region.url, "POST", "/MAAS/accounts/authenticate/", headers=headers, body=body).json
    key = ":".join(made[name] for name in ("consumer_key", "token_key", "token_secret"))
    answer = ask(region.url, "GET", f"{API}users/?op=whoami", headers={"Authorization": signature(key)})

    assert ("me@here", "admin") == (made["name"], answer.json["username"])


def test_a_wrong_password_is_403(region: Region) -> None:
    """
    As the clients expect it, and nothing is said of a permission.
    """
    body = b"username=nobody&password=wrong&consumer=x"
    refused = ask(region.url, "POST", "/MAAS/accounts/authenticate/", headers=FORM, body=body)

    assert (403, "wrong name or password") == (refused.status, refused.text)
