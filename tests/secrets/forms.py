"""Made-up secrets in their real forms, planted in what a tool might say; the same for one seed, none of anybody's."""

import base64
import json
import random
import string
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice

SEED = 20261124
ALNUM = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits
BASE32 = string.ascii_uppercase + "234567"
HEX = "0123456789abcdef"
URLSAFE = ALNUM + "-_"
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


@dataclass(frozen=True, slots=True)
class Planted:
    """A text with a secret in it; of `secret` nothing may be left."""

    form: str
    secret: str
    text: str


class Maker:
    """Random parts of secrets."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def of(self, alphabet: str, length: int) -> str:
        """So many letters, digits and lower-case letters among them where the alphabet has both."""
        while True:
            made = "".join(self.rng.choices(alphabet, k=length))
            if any(c.isdigit() for c in made) and any(c.isalpha() for c in made):
                return made

    def base64(self, size: int) -> str:
        return base64.b64encode(self.rng.randbytes(size)).decode()

    def urlsafe(self, value: object) -> str:
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    def password(self) -> str:
        """As people and generators make them."""
        word = self.rng.choice(["hunter", "Sommer", "tr0ub4dor", "qwertz", "Dragon", "letmein"])
        return self.rng.choice(
            [f"{word}{self.rng.randrange(2, 9999)}", f"{word}&{self.rng.randrange(9)}x", self.of(ALNUM, 14)]
        )

    def uuid(self) -> str:
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def checked(self, prefix: str) -> str:
        """A token as GitHub and npm make them: the last six letters are the CRC-32 of the thirty before."""
        body = self.of(ALNUM, 30)
        number, digits = zlib.crc32(body.encode()), ""
        while number:
            number, digit = divmod(number, 62)
            digits = BASE62[digit] + digits
        return prefix + body + digits.rjust(6, "0")

    def own(self, kind: str) -> str:
        """A key of a deck: 256 random bits and a CRC-32."""
        body = f"{kind}_{self.urlsafe(self.rng.randbytes(32))}"
        return body + self.urlsafe(zlib.crc32(body.encode()).to_bytes(4, "big"))

    def jwt(self) -> str:
        header = {"alg": self.rng.choice(["HS256", "RS256", "ES256"]), "typ": "JWT"}
        parts = [self.urlsafe(header), self.urlsafe({"sub": self.of(ALNUM, 8)})]
        return ".".join([*parts, self.urlsafe(self.rng.randbytes(32))])

    def pem(self, kind: str, newline: str) -> tuple[str, str]:
        """The block, and the body that must not be left."""
        body = self.base64(48)
        head, tail = f"-----BEGIN {kind}PRIVATE KEY-----", f"-----END {kind}PRIVATE KEY-----"
        return newline.join([head, body, self.base64(48), tail]), body


Make = Callable[[Maker], tuple[str, str]]


def around(template: str, value: Callable[[Maker], str]) -> Make:
    """The secret is the value, the text the template with it."""

    def make(maker: Maker) -> tuple[str, str]:
        secret = value(maker)
        return secret, template.replace("SECRET", secret)

    return make


def pem(kind: str, newline: str, template: str) -> Make:
    def make(maker: Maker) -> tuple[str, str]:
        block, body = maker.pem(kind, newline)
        return body, template.replace("SECRET", block)

    return make


def basic(maker: Maker) -> str:
    return base64.b64encode(f"ann:{maker.password()}".encode()).decode()


FORMS: dict[str, Make] = {
    "AWS access key id": around("credentials for SECRET expired", lambda m: "AKIA" + m.of(BASE32, 16)),
    "AWS temporary key id": around("InvalidClientTokenId: SECRET.", lambda m: "ASIA" + m.of(BASE32, 16)),
    "AWS secret": around("aws_secret_access_key = SECRET", lambda m: m.base64(30)),
    "GitHub classic": around("remote: SECRET was revoked", lambda m: m.checked(m.rng.choice(["ghp_", "gho_", "ghs_"]))),
    "GitHub fine-grained": around("auth with SECRET", lambda m: f"github_pat_{m.of(ALNUM, 22)}_{m.of(ALNUM, 59)}"),
    "GitLab": around("fatal: 'SECRET' denied", lambda m: "glpat-" + m.of(URLSAFE[:-2], 20)),
    "Slack token": around("slack said invalid_auth for SECRET", lambda m: f"xoxb-{m.of(string.digits + 'a', 12)}-{m.of(ALNUM, 24)}"),
    "Slack webhook": around("POST https://hooks.slack.com/services/SECRET: 404", lambda m: f"T{m.of(UPPER, 8)}/B{m.of(UPPER, 8)}/{m.of(ALNUM, 24)}"),
    "Stripe live": around("No such key: SECRET", lambda m: m.rng.choice(["sk_live_", "rk_live_"]) + m.of(ALNUM, 24)),
    "Stripe test": around("key=SECRET", lambda m: "sk_test_" + m.of(ALNUM, 24)),
    "Google API key": around("https://maps.googleapis.com/maps/api/js?key=SECRET&v=3", lambda m: "AIza" + m.of(URLSAFE, 35)),
    "GCP service account": pem("", "\\n", '{"type": "service_account", "private_key": "SECRET\\n", "client_id": "1"}'),
    "Azure AccountKey": around("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=SECRET;EndpointSuffix=x", lambda m: m.base64(64)),
    "Azure SAS": around("https://a.blob.core.windows.net/c?sv=2022-11-02&sr=b&sig=SECRET&se=2026", lambda m: m.base64(32).replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")),
    "npm token": around("//registry.example.org/:_authToken=SECRET", lambda m: m.checked("npm_")),
    "PyPI token": around("upload with SECRET failed", lambda m: "pypi-AgEIcHlwaS5vcmc" + m.of(URLSAFE, 80)),
    "Docker Hub": around("docker login -u ann -p SECRET", lambda m: "dckr_pat_" + m.of(URLSAFE[:-2], 27)),
    "Heroku": around("HEROKU_API_KEY=SECRET", Maker.uuid),
    "Twilio key": around("twilio: SECRET is not authorised", lambda m: "SK" + m.of(HEX, 32)),
    "Twilio auth token": around("TWILIO_AUTH_TOKEN: SECRET", lambda m: m.of(HEX, 32)),
    "SendGrid": around("mail: 401 for SECRET", lambda m: f"SG.{m.of(ALNUM, 22)}.{m.of(ALNUM, 43)}"),
    "Mailgun": around("api:SECRET refused", lambda m: "key-" + m.of(HEX, 32)),
    "OpenAI": around("Incorrect API key provided: SECRET.", lambda m: m.rng.choice(["sk-", "sk-proj-"]) + m.of(ALNUM, 48)),
    "Anthropic": around("x-api-key: SECRET", lambda m: "sk-ant-api03-" + m.of(ALNUM, 90) + "AA"),
    "Vault": around("permission denied for SECRET", lambda m: "hvs." + m.of(ALNUM, 90)),
    "JWT": around("the token SECRET has expired", Maker.jwt),
    "Authorization: Bearer": around("> Authorization: Bearer SECRET", lambda m: m.of(ALNUM + "._~+/-", 40).strip(".")),
    "Authorization: Basic": around("{'Authorization': 'Basic SECRET'}", basic),
    "Cookie": around("> Cookie: theme=dark; session=SECRET", lambda m: m.of(HEX, 40)),
    "Set-Cookie": around("< Set-Cookie: sid=SECRET; HttpOnly; Path=/", lambda m: m.of(ALNUM, 32)),
    "URL password": around("fatal: unable to access 'https://ann:SECRET@git.example.com/x.git'", lambda m: m.of(ALNUM + "!$*", 16)),
    "URL token": around("cloning https://SECRET@git.example.com/x.git", lambda m: m.of(ALNUM, 32)),
    "database URL": around("DATABASE_URL=postgres://app:SECRET@db:5432/app?sslmode=require", Maker.password),
    "redis URL": around("cannot connect to redis://:SECRET@cache:6379/0", Maker.password),
    "password=": around("login failed with password=SECRET", Maker.password),
    "DB_PASS=": around("env: DB_HOST=db DB_PASS=SECRET DB_NAME=x", Maker.password),
    "connection string": around("Server=db;User Id=sa;Password=SECRET;Encrypt=true", Maker.password),
    "option": around("sh -c deploy --token SECRET --verbose", lambda m: m.of(ALNUM, 24)),
    "quoted option": around('mysql --password "SECRET" -h db', Maker.password),
    "JSON api_key": around('{"api_key": "SECRET", "n": 1}', lambda m: m.of(ALNUM, 32)),
    "escaped JSON": around('body: "{\\"client_secret\\":\\"SECRET\\"}"', lambda m: m.of(ALNUM, 32)),
    "YAML password": around("  password: SECRET", Maker.password),
    "PEM": pem("RSA ", "\n", "read SECRET from disk"),
    "PEM on one line": pem("EC ", "\\n", "KEY='SECRET'"),
    "SSH key": pem("OPENSSH ", "\n", "SECRET"),
    "age key": around("age: SECRET", lambda m: "AGE-SECRET-KEY-1" + m.of(UPPER, 58)),
    "ingest key of a deck": around("OPSDECK_KEY=SECRET", lambda m: m.own("odk")),
    "operator token of a deck": around("unknown token SECRET", lambda m: m.own("odt")),
}  # fmt: skip
LEADS = ("", "Error: ", "Traceback: ", "2026-11-24T12:00:00Z ", "\t", "[worker-3] ", "see log: ")
TAILS = ("", "\n", " (attempt 2 of 3)", "\n  at main (app.js:12:3)")


def planted(count: int, seed: int = SEED) -> Iterator[Planted]:
    """So many texts, each form in turn, each secret once."""
    maker = Maker(seed)
    known: set[str] = set()
    for form, make in islice(cycle(FORMS.items()), count):
        secret, text = make(maker)
        while secret in known:
            secret, text = make(maker)
        known.add(secret)
        yield Planted(form, secret, maker.rng.choice(LEADS) + text + maker.rng.choice(TAILS))
