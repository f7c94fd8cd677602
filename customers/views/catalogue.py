"""Products and services, and segments: lists, pages and forms."""

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from customers.filters import ProductFilter, SegmentFilter
from customers.forms import ProductForm, RetireForm, SegmentForm
from customers.models import Customer, Product, Segment
from records.pages import (
    Action,
    Column,
    Preset,
    RecordCreate,
    RecordDetail,
    RecordEdit,
    RecordList,
    RecordVerb,
    RecordVoid,
)

SHOWN = 20  # customers named on the page of a product or segment

OF_PRODUCTS = (("customers:products", _("Products and services")),)
OF_SEGMENTS = (("customers:segments", _("Segments")),)


class CustomersOf(RecordDetail):
    """The page of something that customers share: it names the first of them and links to all."""

    parameter = ""

    def customers(self):
        raise NotImplementedError

    def get_context(self, **context):
        found = self.customers().in_force().visible_to(self.request.user).distinct()
        return super().get_context(
            customers=found[:SHOWN],
            customer_count=found.count(),
            customers_url=f"{reverse('customers:list')}?{self.parameter}={self.record.reference}",
            **context,
        )


class ProductList(RecordList):
    permission_required = "customers.view_product"
    queryset = Product.objects.all()
    filterset_class = ProductFilter
    title = _("Products and services")
    lead = _("What we supply, so that feedback can be told apart by it.")
    columns = (
        Column("name", _("Product or service"), by="name_key"),
        Column("code", _("Code"), by="code"),
        Column("kind", _("Kind"), by="is_service"),
        Column("retired", _("No longer supplied since"), by="retired_on"),
        Column("recorded", _("Recorded"), by="recorded_at"),
    )
    sort = "name"
    row_template = "customers/_product_row.html"
    presets = (Preset(_("All"), ""), Preset(_("Supplied now"), "supplied=yes"), Preset(_("Services"), "kind=service"))
    actions = (Action("customers:product_create", _("Add product or service"), "customers.add_product", is_main=True),)
    empty_icon = "box"
    empty_title = _("No products or services yet")
    empty_words = _("Name what you supply. Feedback that names its product shows which of them causes trouble.")
    csv_columns = (
        (_("Reference"), "reference"),
        (_("Product or service"), "name"),
        (_("Code"), "code"),
        (_("A service"), "is_service"),
        (_("No longer supplied since"), "retired_on"),
        (_("Recorded at"), "recorded_at"),
        (_("Void"), "is_voided"),
        (_("Why it was voided"), "void_reason"),
    )


class ProductDetail(CustomersOf):
    permission_required = "customers.view_product"
    queryset = Product.objects.select_related("unit")
    template_name = "customers/product.html"
    crumbs = OF_PRODUCTS
    edit_url_name = "customers:product_edit"
    void_url_name = "customers:product_void"
    parameter = "product"

    def customers(self):
        return Customer.objects.filter(supplies__product=self.record, supplies__voided_at__isnull=True)

    def get_context(self, **context):
        return super().get_context(retire_form=RetireForm(), **context)


class ProductCreate(RecordCreate):
    permission_required = "customers.add_product"
    queryset = Product.objects.all()
    form_class = ProductForm
    title = _("Add product or service")
    crumbs = OF_PRODUCTS


class ProductEdit(RecordEdit):
    permission_required = "customers.change_product"
    queryset = Product.objects.all()
    form_class = ProductForm
    title = _("Edit product or service")
    crumbs = OF_PRODUCTS


class ProductRetire(RecordVerb):
    permission_required = "customers.change_product"
    queryset = Product.objects.all()
    form_class = RetireForm
    title = _("No longer supply this")
    label = _("Save")
    message = _("%(title)s is no longer supplied. What was recorded about it stays.")

    def act(self, record, form):
        record.retire(by=self.request.user, on=form.cleaned_data["retired_on"])


class ProductVoid(RecordVoid):
    permission_required = "customers.void_product"
    queryset = Product.objects.all()


class SegmentList(RecordList):
    permission_required = "customers.view_segment"
    queryset = Segment.objects.annotate(
        members=Count("customers", filter=Q(customers__voided_at__isnull=True), distinct=True)
    )
    filterset_class = SegmentFilter
    title = _("Segments")
    lead = _("Groups of customers with needs in common.")
    columns = (
        Column("name", _("Segment"), by="name_key"),
        Column("members", _("Customers"), by="members", is_number=True),
    )
    sort = "name"
    row_template = "customers/_segment_row.html"
    actions = (Action("customers:segment_create", _("Add segment"), "customers.add_segment", is_main=True),)
    empty_icon = "category"
    empty_title = _("No segments yet")
    empty_words = _("Customers with needs in common, for example by trade or size. KPIs can be read for each of them.")
    csv_columns = (
        (_("Reference"), "reference"),
        (_("Segment"), "name"),
        (_("Customers"), "members"),
        (_("Void"), "is_voided"),
        (_("Why it was voided"), "void_reason"),
    )


class SegmentDetail(CustomersOf):
    permission_required = "customers.view_segment"
    queryset = Segment.objects.select_related("unit")
    template_name = "customers/segment.html"
    crumbs = OF_SEGMENTS
    edit_url_name = "customers:segment_edit"
    void_url_name = "customers:segment_void"
    parameter = "segment"

    def customers(self):
        return Customer.objects.filter(segment=self.record)


class SegmentCreate(RecordCreate):
    permission_required = "customers.add_segment"
    queryset = Segment.objects.all()
    form_class = SegmentForm
    title = _("Add segment")
    crumbs = OF_SEGMENTS


class SegmentEdit(RecordEdit):
    permission_required = "customers.change_segment"
    queryset = Segment.objects.all()
    form_class = SegmentForm
    title = _("Edit segment")
    crumbs = OF_SEGMENTS


class SegmentVoid(RecordVoid):
    permission_required = "customers.void_segment"
    queryset = Segment.objects.all()
