"""Forms as our own crispy pack renders them: labels, hints, errors, and the ways to choose."""

import re

import pytest
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout, Submit
from django import forms
from django.template import Context, Template

from records.widgets import Segmented, TypeAhead, Voice


class CallForm(forms.Form):
    """A form with one field of each kind."""

    customer_name = forms.CharField(label="Which customer?", widget=TypeAhead("/customers/options/", "customer"))
    customer = forms.CharField(required=False, widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label="What kind?",
        choices=[("praise", "Praise"), ("complaint", "Complaint")],
        widget=Segmented(icons={"complaint": "flag"}),
    )
    words = forms.CharField(label="What did they say?", help_text="Their words if you can", widget=Voice)
    segment = forms.ChoiceField(label="Segment", choices=[("a", "A"), ("b", "B")], required=False)
    came_by = forms.ChoiceField(
        label="How it reached us", choices=[("phone", "Phone"), ("mail", "Mail")], widget=forms.RadioSelect
    )
    received_on = forms.DateField(label="Received on", widget=forms.DateInput(attrs={"type": "date"}))
    photo = forms.FileField(label="Photo", required=False)
    is_told = forms.BooleanField(label="The customer was told", required=False, help_text="By phone counts.")


def rendered(form):
    return Template("{% load crispy_forms_tags %}{{ form|crispy }}").render(Context({"form": form}))


@pytest.fixture
def empty():
    return rendered(CallForm())


@pytest.fixture
def wrong():
    return rendered(CallForm({"words": "<b>late</b>"}))


def test_every_control_has_a_label_of_its_own(empty):
    ids = re.findall(r'<(?:input|select|textarea)(?![^>]*type="hidden")[^>]*\bid="([^"]+)"', empty)
    assert len(ids) == 10
    assert [one for one in ids if f'<label for="{one}"' not in empty] == []


def test_hint_stands_under_the_label_and_is_read_with_the_field(empty):
    assert '<div class="hint" id="id_words_helptext">Their words if you can</div>' in empty
    assert re.search(r'<textarea[^>]*aria-describedby="id_words_helptext"', empty)


def test_what_may_stay_empty_says_so_and_nothing_else_does(empty):
    assert empty.count("(optional)") == 2  # segment and photo; a box that is not ticked is an answer
    assert re.search(r"Segment\s*<span class=\"optional\">", empty)


def test_segments_are_radios_in_a_fieldset_with_a_legend_and_icons(empty):
    segment = re.search(r'<fieldset id="div_id_kind".*?</fieldset>', empty, re.S)[0]
    assert "What kind?" in re.search(r"<legend.*?</legend>", segment, re.S)[0]
    assert 'class="seg of-2"' in segment
    assert segment.count('type="radio"') == 2
    assert "#flag" in segment


def test_plain_radios_are_not_segments(empty):
    assert 'class="choices"' in re.search(r'<fieldset id="div_id_came_by".*?</fieldset>', empty, re.S)[0]


def test_customers_words_are_set_as_voice(empty):
    assert re.search(r'<textarea[^>]*class="voice[^"]* in"', empty)


def test_type_ahead_is_a_text_field_that_works_without_a_script(empty):
    field = re.search(r"<input[^>]*data-combobox[^>]*>", empty)[0]
    assert 'type="text"' in field
    assert 'data-url="/customers/options/"' in field
    assert 'data-target="customer"' in field
    assert '<input type="hidden" name="customer"' in empty


def test_summary_stands_first_and_links_to_each_field_at_fault(wrong):
    assert wrong.index("data-error-summary") < wrong.index('class="fields"')
    links = re.findall(r'<li><a href="#([^"]+)">', wrong)
    assert links == ["id_customer_name", "id_kind_0", "id_came_by_0", "id_received_on"]
    assert [one for one in links if f'id="{one}"' not in wrong] == []


def test_summary_names_the_field_an_error_belongs_to(wrong):
    assert "Which customer? This field is required." in wrong
    assert "Received on: This field is required." in wrong


def test_error_stands_above_its_field_and_is_read_with_it(wrong):
    field = re.search(r'<div id="div_id_received_on".*?</div>\s*</div>\s*<input[^>]*>', wrong, re.S)[0]
    assert field.index('id="id_received_on_error"') < field.index("<input")
    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="id_received_on_error"' in field


def test_typed_text_is_kept_and_escaped(wrong):
    assert "&lt;b&gt;late&lt;/b&gt;" in wrong
    assert "<b>late" not in wrong


def test_error_of_the_form_as_a_whole_is_in_the_summary():
    form = CallForm({})
    form.add_error(None, "The record is closed already.")
    assert '<span class="plainly">The record is closed already.</span>' in rendered(form)


def test_no_errors_no_summary(empty):
    assert "data-error-summary" not in empty


def test_one_field_can_be_rendered_alone():
    html = Template("{% load crispy_forms_tags %}{{ form.segment|as_crispy_field }}").render(
        Context({"form": CallForm()})
    )
    assert '<label for="id_segment">' in html
    assert html.count("<select") == 1


def test_crispy_tag_renders_layout_and_buttons():
    form = CallForm({})
    form.helper = FormHelper()
    form.helper.layout = Layout("words", Fieldset("Add more", "segment", "photo", css_class="more"))
    form.helper.add_input(Submit("save", "Save feedback"))
    html = Template("{% load crispy_forms_tags %}{% crispy form %}").render(Context({"form": form, "csrf_token": "t"}))
    assert 'name="csrfmiddlewaretoken"' in html
    assert 'enctype="multipart/form-data"' in html
    assert "data-error-summary" in html
    assert re.search(r"<details class=\"more\" open><summary>Add more</summary>", html)
    assert re.search(r'<button type="submit"[^>]*>Save feedback</button>', html)


def test_formset_renders_its_forms_and_its_management():
    formset = forms.formset_factory(CallForm, extra=2)()
    html = Template("{% load crispy_forms_tags %}{{ formset|crispy }}").render(Context({"formset": formset}))
    assert 'name="form-TOTAL_FORMS"' in html
    assert html.count("<textarea") == 2
