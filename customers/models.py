"""Customers, their people, the segments they belong to and what we supply to them (5.1.2 a, 8.2)."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from records.models import Record, RecordQuerySet


def name_key(name):
    """What two spellings of one name have in common: case and spacing aside."""
    return " ".join(name.casefold().split())


class NamedQuerySet(RecordQuerySet):
    def named(self, words):
        """Whose name contains the words, in any case."""
        return self.filter(name_key__contains=name_key(words))

    def known(self):
        """In force, and not erased: whom one may still choose."""
        return self.in_force().exclude(name_key="")


class Named(Record):
    """A record that people know by its name; the key makes finding and matching quick and the same on any database."""

    name = models.CharField(_("name"), max_length=200)
    name_key = models.CharField(max_length=200, editable=False, db_index=True)
    derived_fields = ("name_key",)

    objects = NamedQuerySet.as_manager()

    class Meta(Record.Meta):
        abstract = True
        ordering = ["name_key", "pk"]

    def __str__(self):
        return self.title

    @property
    def title(self):
        """A name is never empty but for one that was erased."""
        return self.name or gettext("(erased)")

    @property
    def is_erased(self):
        return not self.name

    def clean_fields(self, exclude=None):
        self.name = " ".join(self.name.split())
        self.name_key = name_key(self.name)
        super().clean_fields(exclude)

    def save(self, **options):
        self.name_key = name_key(self.name)
        super().save(**options)


class Segment(Named):
    """A group of customers with needs in common."""

    reference_prefix = "SG"

    class Meta(Named.Meta):
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"],
                condition=Q(voided_at__isnull=True),
                name="customers_segment_once",
                violation_error_message=_("A segment of that name exists already."),
            )
        ]

    def get_absolute_url(self):
        return reverse("customers:segment", args=[self.reference])

    def void(self, *, by, reason):
        """As any record, once no customer belongs to it any more."""
        if count := self.customers.in_force().count():
            wording = ngettext(
                "%(count)s customer belongs to it. Give them another segment first.",
                "%(count)s customers belong to it. Give them another segment first.",
                count,
            )
            raise ValidationError(wording % {"count": count})
        super().void(by=by, reason=reason)


class Product(Named):
    """A product or service that we supply."""

    reference_prefix = "PR"

    code = models.CharField(_("code"), max_length=40, blank=True, help_text=_("As on your orders and labels."))
    is_service = models.BooleanField(_("a service"), default=False)
    retired_on = models.DateField(_("no longer supplied since"), null=True, blank=True)

    class Meta(Named.Meta):
        verbose_name = _("product or service")
        verbose_name_plural = _("products and services")
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"],
                condition=Q(voided_at__isnull=True),
                name="customers_product_once",
                violation_error_message=_("A product or service of that name exists already."),
            )
        ]

    def get_absolute_url(self):
        return reverse("customers:product", args=[self.reference])

    def retire(self, *, by, on):
        """Say since when it is no longer supplied; what was recorded about it stays."""
        if self.retired_on:
            raise ValidationError(_("It is no longer supplied already."))
        self.retired_on = on
        self.save(by=by, verb="retired")

    def void(self, *, by, reason):
        """As any record, once no customer uses it any more. What was really supplied is retired instead."""
        if self.supplies.in_force().exists():
            raise ValidationError(_("Customers use it. If it is no longer supplied, say so instead of voiding it."))
        super().void(by=by, reason=reason)


class Customer(Named):
    """Who could or does receive a product or service from us: an organisation or a person (5.1.2 a)."""

    reference_prefix = "CU"
    personal_fields = ("name", "name_key", "about")

    is_person = models.BooleanField(_("a person, not an organisation"), default=False)
    is_key = models.BooleanField(_("key customer"), default=False, help_text=_("One whose loss the firm would feel."))
    segment = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="customers", verbose_name=_("segment")
    )
    relationship_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="customers",
        verbose_name=_("relationship owner"),
        help_text=_("Looks after them; complaints go to this person first."),
    )
    since_on = models.DateField(_("customer since"), null=True, blank=True)
    about = models.TextField(_("about them"), blank=True, help_text=_("What they do, and what matters to them."))

    class Meta(Named.Meta):
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        constraints = [
            models.UniqueConstraint(
                fields=["name_key"],
                # Of those who were erased nothing is left to tell them apart.
                condition=Q(voided_at__isnull=True) & ~Q(name_key=""),
                name="customers_customer_once",
                violation_error_message=_("A customer of that name exists already."),
            )
        ]

    def get_absolute_url(self):
        return reverse("customers:detail", args=[self.reference])


class Contact(Named):
    """A person at a customer."""

    reference_prefix = "CT"
    personal_fields = ("name", "name_key", "position", "email", "phone")

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="contacts", verbose_name=_("customer"))
    position = models.CharField(_("position"), max_length=120, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)

    class Meta(Named.Meta):
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")

    def get_absolute_url(self):
        return self.customer.get_absolute_url()


class CustomerProduct(Record):
    """A customer uses a product or service of ours."""

    reference_prefix = "CP"

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="supplies", verbose_name=_("customer"))
    product = models.ForeignKey(Product, models.PROTECT, related_name="supplies", verbose_name=_("product or service"))

    class Meta(Record.Meta):
        ordering = ["pk"]
        verbose_name = _("product of a customer")
        verbose_name_plural = _("products of customers")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "product"],
                condition=Q(voided_at__isnull=True),
                name="customers_supply_once",
                violation_error_message=_("They use it already, says the record."),
            )
        ]

    def __str__(self):
        return f"{self.customer}: {self.product}"

    def get_absolute_url(self):
        return self.customer.get_absolute_url()
