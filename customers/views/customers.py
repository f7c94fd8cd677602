"""Customers: the list, one customer's page, the forms, and type-ahead."""

from django.core.exceptions import ValidationError
from django.db.models import Case, IntegerField, Value, When
from django.http import JsonResponse
from django.utils.translation import gettext_lazy as _

from customers import panels
from customers.filters import CustomerFilter
from customers.forms import CustomerForm, SupplyForm
from customers.models import Customer, CustomerProduct, name_key
from records.pages import (
    Action,
    Column,
    Preset,
    RecordCreate,
    RecordDetail,
    RecordEdit,
    RecordList,
    RecordPage,
    RecordVoid,
)
from records.text import clean_query

SUGGESTED = 10
CRUMBS = (("customers:list", _("Customers")),)


class CustomerList(RecordList):
    permission_required = "customers.view_customer"
    queryset = Customer.objects.select_related("segment", "relationship_owner")
    filterset_class = CustomerFilter
    title = _("Customers")
    lead = _("Who could or does receive a product or service from us.")
    columns = (
        Column("name", _("Customer"), by="name_key"),
        Column("segment", _("Segment"), by="segment__name_key"),
        Column("owner", _("Looked after by"), by="relationship_owner__name"),
        Column("since", _("Customer since"), by="since_on"),
        Column("recorded", _("Recorded"), by="recorded_at"),
    )
    sort = "name"
    row_template = "customers/_row.html"
    presets = (
        Preset(_("All"), ""),
        Preset(_("Key customers"), "key=yes"),
        Preset(_("Mine"), "owner=me"),
        Preset(_("Without an owner"), "owner=none"),
    )
    actions = (Action("customers:create", _("Add customer"), "customers.add_customer", is_main=True),)
    empty_icon = "users"
    empty_title = _("No customers yet")
    empty_words = _(
        "Everything customers tell us is kept with the customer who said it. Add the one you spoke with last; "
        "an import adds those named in the file."
    )
    csv_columns = (
        (_("Reference"), "reference"),
        (_("Customer"), "name"),
        (_("Segment"), "segment.name"),
        (_("Looked after by"), "relationship_owner.name"),
        (_("Key customer"), "is_key"),
        (_("A person"), "is_person"),
        (_("Customer since"), "since_on"),
        (_("Recorded at"), "recorded_at"),
        (_("About them"), "about"),
        (_("Void"), "is_voided"),
        (_("Why it was voided"), "void_reason"),
    )

    def get_queryset(self):
        rows = super().get_queryset()
        return rows.annotate(**{extra.name: extra.expression(self.request.user) for extra in panels.extras()})

    def get_presets(self):
        return (*self.presets, *panels.presets())

    def get_columns(self):
        added = [Column(extra.name, extra.label, extra.name, extra.is_number) for extra in panels.extras()]
        return (*self.columns, *added)

    def get_csv_columns(self):
        return (*self.csv_columns, *((extra.label, extra.name) for extra in panels.extras()))

    def prepare(self, records):
        for customer in records:
            customer.extras = [
                {
                    "label": extra.label,
                    "value": getattr(customer, extra.name),
                    "url": extra.link(customer) if extra.link else "",
                    "is_number": extra.is_number,
                }
                for extra in panels.extras()
            ]


class CustomerDetail(RecordDetail):
    permission_required = "customers.view_customer"
    queryset = Customer.objects.select_related("segment", "relationship_owner", "unit")
    template_name = "customers/detail.html"
    crumbs = CRUMBS
    edit_url_name = "customers:edit"
    void_url_name = "customers:void"

    def get_context(self, **context):
        customer, user = self.record, self.request.user
        context = super().get_context(
            contacts=customer.contacts.in_force(),
            supplies=customer.supplies.in_force().select_related("product").order_by("product__name_key"),
            panels=panels.panels_of(customer, user),
            findings=panels.findings_of(customer, user),
            **context,
        )
        if context["may_change"]:
            context["supply_form"] = SupplyForm(instance=CustomerProduct(customer=customer), user=user)
        return context


class CustomerCreate(RecordCreate):
    permission_required = "customers.add_customer"
    queryset = Customer.objects.all()
    form_class = CustomerForm
    title = _("Add customer")
    save_label = _("Save customer")
    draft = "customer"
    crumbs = CRUMBS

    def get_initial(self):
        return {"name": self.request.GET.get("name", "")[:200]}


class CustomerEdit(RecordEdit):
    permission_required = "customers.change_customer"
    queryset = Customer.objects.select_related("segment", "relationship_owner")
    form_class = CustomerForm
    title = _("Edit customer")
    crumbs = CRUMBS


class CustomerVoid(RecordVoid):
    permission_required = "customers.void_customer"
    queryset = Customer.objects.all()


class CustomerSuggest(RecordPage):
    """Type-ahead, as `records.widgets` wants it: at most ten customers in force whose name contains what was typed."""

    permission_required = "customers.view_customer"
    queryset = Customer.objects.select_related("segment")

    def get(self, request):
        try:
            typed = clean_query(request.GET).get("q", "")
        except ValidationError as fault:
            return JsonResponse({"error": " ".join(fault.messages)}, status=400)
        found = self._found(name_key(typed))
        return JsonResponse([choice(c, c.segment.name if c.segment else "") for c in found], safe=False)

    def _found(self, typed):
        """Those whose name begins with what was typed come first."""
        if not typed:
            return []
        begins = Case(When(name_key__startswith=typed, then=Value(0)), default=Value(1), output_field=IntegerField())
        return self.rows().in_force().named(typed).order_by(begins, "name_key", "pk")[:SUGGESTED]


class CustomerContacts(RecordPage):
    """The people at one customer, for the form that asks who spoke."""

    permission_required = "customers.view_contact"
    queryset = Customer.objects.all()

    def get(self, request, reference):
        contacts = self.get_record().contacts.known()
        return JsonResponse([choice(contact, contact.position) for contact in contacts], safe=False)


def choice(record, hint):
    return {"value": record.reference, "label": record.title, "hint": hint}
