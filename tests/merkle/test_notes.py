"""Signed notes, keys and checkpoints: Go's published note to the byte, and everything that is none."""

import base64

import pytest

from opsdeck.merkle.notes import Signer
from opsdeck.merkle.verifier import COSIGNATURE, Broken, Checkpoint, Key, Note, cosigned, trusted

# golang.org/x/mod/sumdb/note, note_test.go
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
GO_LINE = "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
GO_NOTE = f"{GO_TEXT}\n{GO_LINE}"
HEAD = "example.com/log\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
LOG = Signer.make("example.com/log")
WITNESS = Signer.make("example.com/witness", COSIGNATURE)


def test_the_published_note_is_signed_to_the_byte() -> None:
    signer = Signer.read(GO_SECRET)
    assert (signer.sign(GO_TEXT), str(signer.key), signer.secret()) == (GO_NOTE, GO_KEY, GO_SECRET)


def test_the_published_note_verifies() -> None:
    note = Note.read(GO_NOTE)
    assert (note.text, note.signers([Key.read(GO_KEY)])) == (GO_TEXT, [Key.read(GO_KEY)])


@pytest.mark.parametrize(
    "vkey",
    [
        "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6",
        "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
    ],
)
def test_published_keys_have_their_published_ids(vkey: str) -> None:
    assert str(Key.read(vkey)) == vkey


def test_no_part_of_a_key_is_a_key() -> None:
    for start in range(len(GO_KEY) + 1):
        for end in range(start, len(GO_KEY) + 1):
            if (start, end) != (0, len(GO_KEY)):
                with pytest.raises(Broken):
                    Key.read(GO_KEY[start:end])


def believed(note: str) -> bool:
    try:
        return bool(Note.read(note).signers([Key.read(GO_KEY)]))
    except Broken:
        return False


def test_no_character_of_a_note_can_change() -> None:
    assert believed(GO_NOTE)
    changed = (GO_NOTE[:at] + chr(ord(GO_NOTE[at]) ^ 1) + GO_NOTE[at + 1 :] for at in range(len(GO_NOTE)))
    assert [note for note in changed if believed(note)] == []


@pytest.mark.parametrize(
    "note",
    [
        pytest.param("", id="nothing"),
        pytest.param(GO_TEXT, id="no signature"),
        pytest.param(f"{GO_TEXT}{GO_LINE}", id="no empty line"),
        pytest.param(GO_NOTE[:-1], id="no end of line"),
        pytest.param(GO_NOTE.replace("\u2014", "-"), id="a hyphen for a dash"),
        pytest.param(GO_NOTE.replace("think", "th\tink"), id="a control character"),
        pytest.param(GO_NOTE.replace("JnAM=", "JnAN="), id="base64 with bits to spare"),
        pytest.param(GO_NOTE.replace(" x08go", " x0"), id="base64 cut off"),
        pytest.param("\n\n" + GO_LINE, id="no text"),
        pytest.param(GO_TEXT + "\n" + GO_LINE * 101, id="too many signatures"),
        pytest.param("x" * 1_100_000 + GO_NOTE, id="too long"),
        pytest.param(f"{GO_TEXT}\n\u2014 a+b x08goAAAAAA=\n", id="a name with a plus"),
        pytest.param(f"{GO_TEXT}\n\u2014 a x08gow==\n", id="a signature of nothing"),
    ],
)
def test_what_is_no_note(note: str) -> None:
    with pytest.raises(Broken):
        Note.read(note)


def test_a_signature_by_somebody_unknown_is_passed_over() -> None:
    stranger = Signer.make("PeterNeumann").sign(GO_TEXT).removeprefix(f"{GO_TEXT}\n")
    note = Note.read(f"{GO_TEXT}\n{stranger}{GO_LINE}")
    assert note.signers([Key.read(GO_KEY)]) == [Key.read(GO_KEY)]


def test_half_a_surrogate_pair_is_broken_not_a_crash() -> None:
    note = Note.read(GO_NOTE.replace("think", "th\ud800nk"))
    with pytest.raises(Broken, match="cannot be written"):
        note.signers([Key.read(GO_KEY)])
    with pytest.raises(Broken, match="cannot be written"):
        Key.read(GO_KEY.replace("Peter", "\ud800"))


def test_the_text_may_hold_empty_lines() -> None:
    text = "one\n\ntwo\n"
    assert Note.read(LOG.sign(text)).text == text


# ---- checkpoints --------------------------------------------------------------------------------------------------


def test_a_checkpoint_comes_back_as_written() -> None:
    assert str(Checkpoint.read(HEAD)) == HEAD
    assert Checkpoint.read(HEAD + "an extension\n") == Checkpoint.read(HEAD)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(HEAD.replace("\n7\n", "\n07\n"), id="a leading zero"),
        pytest.param(HEAD.replace("\n7\n", "\n-7\n"), id="a negative size"),
        pytest.param(HEAD.replace("\n7\n", "\n\u0667\n"), id="digits of another script"),
        pytest.param(HEAD.replace("\n7\n", "\n" + "9" * 40 + "\n"), id="a size beyond all"),
        pytest.param(HEAD.replace("example.com/log", ""), id="no origin"),
        pytest.param(HEAD.replace("CsUY", ""), id="a short root"),
        pytest.param(HEAD[:-1], id="no end of line"),
        pytest.param(HEAD + "\n", id="an empty extension"),
        pytest.param("a\n1\n", id="two lines"),
    ],
)
def test_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(Broken):
        Checkpoint.read(text)


def test_a_checkpoint_counts_once_its_log_signed_it() -> None:
    assert trusted(LOG.sign(HEAD), [LOG.key]) == Checkpoint.read(HEAD)


@pytest.mark.parametrize(
    ("signer", "why"),
    [
        pytest.param(Signer.make("example.com/log"), "none of the given keys", id="another key of that name"),
        pytest.param(Signer.make("example.com/other"), "none of the given keys", id="another name"),
    ],
)
def test_a_checkpoint_signed_by_another_is_none(signer: Signer, why: str) -> None:
    with pytest.raises(Broken, match=why):
        trusted(signer.sign(HEAD), [LOG.key])


def test_a_key_trusted_for_one_log_signs_for_no_other() -> None:
    other = Signer.make("example.com/other")
    with pytest.raises(Broken, match="none of the given keys"):
        trusted(other.sign(HEAD), [other.key])


def test_a_cosignature_says_when() -> None:
    line = WITNESS.cosign(HEAD, 1_679_315_147)
    (_, _, signature) = Note.read(LOG.sign(HEAD) + line).signatures[1]
    assert cosigned(HEAD, 1_679_315_147).startswith(b"cosignature/v1\ntime 1679315147\nexample.com/log\n7\n")
    assert WITNESS.key.signed(HEAD, signature)
    assert not WITNESS.key.signed(HEAD, (1).to_bytes(8, "big") + signature[8:])


def test_a_cosignature_counts_for_who_trusts_the_witness() -> None:
    assert trusted(LOG.sign(HEAD) + WITNESS.cosign(HEAD, 5), [WITNESS.key]) == Checkpoint.read(HEAD)


# ---- secrets ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "secret",
    [
        "",
        GO_KEY,
        GO_SECRET[:-1],
        GO_SECRET.replace("c74f20a3", "c74f20a4"),
        GO_SECRET.replace("+AYEK", "+B4EK"),
        f"PRIVATE+KEY+a+00000000+{base64.b64encode(b'x' * 20).decode()}",
    ],
)
def test_what_is_no_secret_is_not_repeated_in_the_message(secret: str) -> None:
    with pytest.raises(Broken) as refused:
        Signer.read(secret)
    assert "AYEK" not in str(refused.value)
