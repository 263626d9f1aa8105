"""Attack stories in a simulated company: one seed of each here, fifty in the soak; bench/STORIES.md has the table."""

import pytest
from attacks import STORIES, Story
from company import DAYS
from telling import PAGING, calm, tell

SEED = 1000
SEEDS = range(1000, 1050)
CALM = range(1000, 1002)
RULES = [story for story in STORIES if story.kind == "rule"]
ANOMALIES = [story for story in STORIES if story.kind == "anomaly"]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_is_found_by_what_it_is_for(story: Story) -> None:
    assert tell(story, SEED).rule != ""


def test_a_usual_day_raises_no_alarm() -> None:
    assert calm(SEED, range(37, 38)) == []


@pytest.mark.soak
@pytest.mark.parametrize("story", RULES, ids=lambda story: story.name)
def test_rules_find_their_stories_on_every_seed(story: Story) -> None:
    assert [seed for seed in SEEDS if not tell(story, seed).rule] == []


@pytest.mark.soak
def test_habits_find_nine_anomalies_in_ten() -> None:
    missed = [(story.name, seed) for story in ANOMALIES for seed in SEEDS if not tell(story, seed).rule]
    assert len(missed) <= len(ANOMALIES) * len(SEEDS) / 10, missed


@pytest.mark.soak
def test_calm_days_have_at_most_one_false_alarm_a_week() -> None:
    found = [one for seed in CALM for one in calm(seed)]
    paging = [one for one in found if one.event in PAGING]
    assert len(paging) <= len(found) <= len(CALM) * DAYS / 7, found
