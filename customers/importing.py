"""What can be imported here: customers, and products and services."""

from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from records.importing.declaring import DAY, LONG_TEXT, NAME, YES_NO, Field, Importer, Lookup, register

from .models import Customer, Product, Segment, name_key


def make_customer(name, batch):
    return Customer(name=name, name_key=name_key(name), unit_id=batch.unit_id)


def make_product(name, batch):
    return Product(name=name, name_key=name_key(name), unit_id=batch.unit_id)


def make_segment(name, batch):
    return Segment(name=name, name_key=name_key(name), unit_id=batch.unit_id)


CUSTOMERS = Lookup("customers.Customer", name_key, make_customer)
PRODUCTS = Lookup("customers.Product", name_key, make_product)
SEGMENTS = Lookup("customers.Segment", name_key, make_segment)


class OnTheFirmsClock(Importer):
    def zone(self):
        return Organisation.current().zone


@register
class CustomerImporter(OnTheFirmsClock):
    """One customer a row; a name that exists already is a faulty row."""

    register = "customers"
    label = _("Customers")
    model = "customers.Customer"
    permission = "customers.add_customer"
    listing = ("customers:list", "")
    unique = "name"
    fields = (
        Field("name", _("Name"), NAME, True, ("customer", "customer name", "company", "organisation", "account"),
              lookup=Lookup("customers.Customer", name_key)),
        Field("segment", _("Segment"), NAME, False, ("industry", "market", "group"), lookup=SEGMENTS, for_all=True),
        Field("is_key", _("Key customer"), YES_NO, False, ("key account", "key")),
        Field("is_person", _("A person, not an organisation"), YES_NO, False, ("person", "private")),
        Field("since", _("Customer since"), DAY, False, ("since", "created", "first order")),
        Field("about", _("About them"), LONG_TEXT, False, ("notes", "description", "comment"), max_length=32_000),
    )  # fmt: skip

    def build(self, batch, row, related, source_cells):
        parsed = row.parsed
        return Customer(
            name=parsed["name"],
            name_key=name_key(parsed["name"]),
            segment=related.get("segment"),
            is_key=bool(parsed.get("is_key")),
            is_person=bool(parsed.get("is_person")),
            since_on=parsed["since"][:10] if parsed.get("since") else None,
            about=parsed.get("about", ""),
            unit_id=batch.unit_id,
        )


@register
class ProductImporter(OnTheFirmsClock):
    """One product or service a row; a name that exists already is a faulty row."""

    register = "products"
    label = _("Products and services")
    model = "customers.Product"
    permission = "customers.add_product"
    listing = ("customers:products", "")
    unique = "name"
    fields = (
        Field("name", _("Name"), NAME, True, ("product", "product name", "service", "article", "item"),
              lookup=Lookup("customers.Product", name_key)),
        Field("code", _("Code"), synonyms=("sku", "number", "article number", "product code"), max_length=40),
        Field("is_service", _("A service"), YES_NO, False, ("service",)),
    )  # fmt: skip

    def build(self, batch, row, related, source_cells):
        parsed = row.parsed
        return Product(
            name=parsed["name"],
            name_key=name_key(parsed["name"]),
            code=parsed.get("code", ""),
            is_service=bool(parsed.get("is_service")),
            unit_id=batch.unit_id,
        )
