"""How far a piece of feedback is: received, acknowledged, answered, closed (ISO 10002). Never how long people took."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from records.templatetags.heed import moment

from .clock import moment_words


@dataclass(frozen=True)
class Step:
    """`state` is done, current, late, todo or skipped; a late step says so in its label."""

    label: str
    state: str
    when: str = ""


def steps_of(feedback, now, calendar):
    """The steps in order. The first that is neither done nor skipped is the current one."""
    steps = [Step(_("Received"), "done", moment(feedback.received_at or feedback.received_on))]
    if feedback.is_complaint:
        steps.append(
            _promised(
                feedback,
                now,
                calendar,
                done=feedback.acknowledged_at,
                due=feedback.acknowledge_due_at,
                labels=(_("Acknowledged"), _("Acknowledge"), _("Acknowledgement, overdue")),
            )
        )
    steps.append(
        _promised(
            feedback,
            now,
            calendar,
            done=feedback.answered_at or feedback.answered_on,
            due=feedback.answer_due_at if feedback.is_complaint else None,
            labels=(_("Answered"), _("Answer"), _("Answer, overdue")),
        )
    )
    if feedback.is_closed:
        steps.append(Step(_("Closed"), "done", moment(feedback.closed_at or feedback.closed_on)))
    else:
        steps.append(Step(_("Close"), "todo"))
    return _with_current(steps, feedback)


def _promised(feedback, now, calendar, *, done, due, labels):
    was_done, to_do, overdue = labels
    if done:
        return Step(was_done, "done", moment(done))
    if feedback.is_closed or feedback.is_voided:
        return Step(to_do, "skipped", _("not on record"))
    if due is None:
        return Step(to_do, "todo")
    words = moment_words(due, now, calendar)
    if due < now:
        return Step(overdue, "late", _("was due %(moment)s") % {"moment": words})
    return Step(to_do, "todo", _("due %(moment)s") % {"moment": words})


def _with_current(steps, feedback):
    if feedback.is_voided or any(step.state == "late" for step in steps):
        return steps
    for place, step in enumerate(steps):
        if step.state == "todo":
            return [*steps[:place], Step(step.label, "current", step.when), *steps[place + 1 :]]
    return steps
