"""A policy document as both sides must see it, byte for byte: the deck writes it, operated tools read it.

`POLICY` is what a deck answers at `NOW` to the holder of `SECRET`; `KEY` is what the deck keeps of that secret, the
key of the MAC. Checked with another implementation: `openssl mac -macopt hexkey:… -macopt size:32 BLAKE2BMAC`.
"""

SECRET = "odk_vector"
KEY = "43efac910f60b57a83d32d5b56160f567243d6877e7b22998c6dbde3bbccd649"
SERVICE = "unjucks-cli"
SUBJECT = "user_1fbdc7d0d9745c1f"
NOW = 1_764_012_345
ISSUED = 1_764_012_300
EXPIRES = 1_764_013_200
POLICY = """\
opsdeck-policy 1
service unjucks-cli
subject user_1fbdc7d0d9745c1f
issued 1764012300
expires 1764013200
restrict block 1764019845 R-0f1e2d3c4b5a attempt on template:infra/vault — naïve
restrict rate_limit 1764012645 R-1a2b3c4d5e6f 12 failures in 5 minutes by this user
entitled template:infra/*
retry MODULE_NOT_LOADED
retry TARGET_UNREADABLE
retry TEMPLATE_UNREADABLE
retry WRITE_FAILED
retry-limits 3 50 1000 2000
mac 3754417fbb302edc8699366556c73dee81c29964bb37976da4bafec7cf71c1a4
""".encode()
