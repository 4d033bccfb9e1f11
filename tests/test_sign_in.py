"""How often signing in may fail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from curation.models import FailedSignIn
from curation.often import address_of
from curation.sign_in import MOST, WITHIN

DOORS = ("/sign-in/", "/admin/login/")


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create_superuser("ada", password="secret")


def knock(door: str, password: str, name: str = "ada", **said: Any) -> str:
    """What the door answers; nothing where it opens."""
    answer = Client().post(door, {"username": name, "password": password}, **said)
    return "" if answer.status_code == 302 else answer.content.decode()


def fail(door: str, times: int = MOST, **said: Any) -> None:
    for _ in range(times):
        assert "Too many" not in knock(door, "wrong", **said)


@pytest.mark.parametrize("door", DOORS)
def test_after_some_wrong_passwords_not_even_the_right_one_opens(person: User, door: str) -> None:
    fail(door)

    told = knock(door, "secret")
    assert "Too many wrong passwords for this name: try again in 15 minutes." in told
    assert "Too many" in knock(DOORS[0], "secret", name="ADA ")


def test_after_a_while_it_opens_again_and_what_is_old_is_forgotten(person: User) -> None:
    fail(DOORS[0])
    FailedSignIn.objects.update(at=timezone.now() - WITHIN + timedelta(seconds=61))
    assert "try again in 2 minutes" in knock(DOORS[0], "secret")

    FailedSignIn.objects.update(at=timezone.now() - WITHIN)
    knock(DOORS[0], "wrong")
    assert FailedSignIn.objects.count() == 1
    assert knock(DOORS[0], "secret") == ""


def test_signing_in_begins_the_count_anew(person: User) -> None:
    fail(DOORS[0], MOST - 1)
    assert knock(DOORS[0], "secret") == ""

    fail(DOORS[0])


def test_another_name_and_another_address_are_counted_apart(person: User) -> None:
    User.objects.create_user("ben", password="secret")
    fail(DOORS[0])

    assert knock(DOORS[0], "secret", name="ben") == ""
    assert knock(DOORS[0], "secret", REMOTE_ADDR="203.0.113.9") == ""


def test_a_name_that_nobody_has_is_counted_like_any_other(db: None) -> None:
    fail(DOORS[0])

    assert "Too many" in knock(DOORS[0], "wrong")


def test_neither_name_nor_address_is_kept(person: User) -> None:
    fail(DOORS[0], 1)

    kept = str(list(FailedSignIn.objects.values()))
    assert ("ada" in kept, "127.0.0.1" in kept) == (False, False)


def test_an_empty_form_is_no_attempt(person: User) -> None:
    assert "required" in knock(DOORS[0], "", name="")
    assert not FailedSignIn.objects.exists()


@pytest.mark.parametrize(("https", "expected"), [(True, "198.51.100.7"), (False, "127.0.0.1")])
def test_only_behind_the_proxy_its_word_on_the_address_counts(
    settings: Settings, rf: Any, https: bool, expected: str
) -> None:
    settings.HTTPS = https
    asked = rf.get("/", headers={"x-forwarded-for": "203.0.113.1, 198.51.100.7"})

    assert address_of(asked) == expected
