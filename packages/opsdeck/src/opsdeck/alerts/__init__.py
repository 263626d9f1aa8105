"""Alerts: readings in, transitions in the log out. See machine.py for what a rule does, evaluate.py for the tick."""

from opsdeck.alerts.evaluate import tick
from opsdeck.alerts.people import acknowledge, silence, silenced
from opsdeck.alerts.story import Explanation, explain

__all__ = ["Explanation", "acknowledge", "explain", "silence", "silenced", "tick"]
